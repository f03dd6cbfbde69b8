// Training for Python: one descent, or the steps of many at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>

#include "bindings/arguments.hpp"
#include "bindings/tables.hpp"
#include "core/train.hpp"

namespace limpid::bindings {

inline StepRule rule_of(const Optimizer& optimizer, std::size_t batch_size, double l2, double dropout, double clip_norm,
                        double max_norm, double label_smoothing, std::uint64_t seed) {
    if (!batch_size) throw std::invalid_argument("batch_size must be at least 1, got 0");
    check_number("l2", l2 >= 0 && l2 <= std::numeric_limits<double>::max(), "a finite number of at least 0", l2);
    check_number("dropout", dropout >= 0 && dropout < 1, "at least 0 and below 1", dropout);
    check_number("label_smoothing", label_smoothing >= 0 && label_smoothing < 1, "at least 0 and below 1",
                 label_smoothing);
    check_number("clip_norm", clip_norm > 0, "above 0", clip_norm);
    check_number("max_norm", max_norm > 0, "above 0", max_norm);
    return {optimizer, batch_size, l2, dropout, clip_norm, max_norm, label_smoothing, seed};
}

// A Descent for Python: it keeps what it learns from alive, and lets one thread at a time in.
template <class T>
class PythonDescent {
   public:
    PythonDescent(const Network& network, const Optimizer& optimizer, std::size_t batch_size, double l2, double dropout,
                  double clip_norm, double max_norm, double label_smoothing, std::uint64_t seed, bool bfloat16,
                  const nb::dict& start, const nb::list& slots, std::uint64_t step, nb::handle X, nb::handle Y,
                  nb::handle weights, std::size_t threads)
        : network_(network), batch_size_(batch_size) {
        if (bfloat16 && sizeof(T) != 4) throw std::invalid_argument("bfloat16 products go with float32, got float64");
        const SimdLevel chosen = bfloat16 ? bfloat16_level() : level();
        const StepRule rule = rule_of(optimizer, batch_size, l2, dropout, clip_norm, max_norm, label_smoothing, seed);
        const Examples<T> given = examples<T>(network, X, Y, weights, owners_, false);
        rows_ = given.rows;
        State<T> from{Parameters<T>(network, start, "parameters", T(1)).copy(), {}, step};
        if (slots.size() != optimizer.slots())
            throw std::invalid_argument("the optimizer remembers " + std::to_string(optimizer.slots()) +
                                        " arrays for each one, got " + std::to_string(slots.size()));
        std::vector<nb::dict> of_slots(slots.size());
        for (std::size_t at = 0; at < of_slots.size(); ++at)
            if (!nb::try_cast(slots[at], of_slots[at]))
                throw std::invalid_argument("the slots must be dictionaries of arrays");
        for (const nb::dict& slot : of_slots) from.slots.push_back(Parameters<T>(network, slot, "slots", T(0)).copy());
        if (step > std::numeric_limits<std::uint64_t>::max() / 2)
            throw std::invalid_argument("the step must be below 2**63, got " + std::to_string(step));
        descent_.emplace(network, rule, given, std::move(from), chosen, threads);
        if (!nb::isinstance<SharedTable<T>>(X) && !descent_->knows_finite())
            check_dense(Table<T>{given.X, given.rows}, network.inputs());
    }

    // Some steps, checked; copies, so that nobody can change what was checked.
    struct Steps {
        PythonDescent* descent;
        std::vector<std::int64_t> rows;
        std::vector<double> rates;
        std::vector<BatchCost> costs = {};
        double seconds = 0;
        std::exception_ptr failure = nullptr;
    };

    Steps steps(nb::handle order, nb::handle rates) {
        const Array<std::int64_t> named = array<std::int64_t>(order, "the order", {-1});
        const Array<double> given = finite_array<double>(rates, "the rates", {-1});
        Steps made{this, {named.numbers, named.numbers + named.rows()}, {given.numbers, given.numbers + given.rows()}};
        for (std::size_t at = 0; at < made.rows.size(); ++at)
            if (made.rows[at] < 0 || static_cast<std::size_t>(made.rows[at]) >= rows_)
                throw std::invalid_argument("the order must name rows from 0 to " + std::to_string(rows_ - 1) +
                                            ", got " + std::to_string(made.rows[at]) + " at place " +
                                            std::to_string(at));
        const std::size_t needed = descent_->batches(made.rows.size());
        if (made.rates.size() != needed)
            throw std::invalid_argument(std::to_string(made.rows.size()) + " rows in batches of " +
                                        std::to_string(batch_size_) + " need " + std::to_string(needed) +
                                        " rates, got " + std::to_string(made.rates.size()));
        made.costs.resize(needed);
        return made;
    }

    // Without Python, from any thread.
    void make(Steps& steps) noexcept try {
        const std::lock_guard alone(mutex_);
        const auto began = std::chrono::steady_clock::now();
        descent_->train(steps.rows.data(), steps.rows.size(), steps.rates.data(), steps.rates.size(),
                        steps.costs.data());
        steps.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    } catch (...) {
        steps.failure = std::current_exception();
    }

    static nb::object costs(const Steps& steps) {
        if (steps.failure) std::rethrow_exception(steps.failure);
        const auto [made, numbers] = new_array<double>({steps.costs.size(), 2});
        for (std::size_t at = 0; at < steps.costs.size(); ++at)
            numbers[2 * at] = steps.costs[at].cost, numbers[2 * at + 1] = steps.costs[at].penalty;
        return made;
    }

    nb::object train(nb::handle order, nb::handle rates) {
        Steps made = steps(order, rates);
        {
            const nb::gil_scoped_release free;
            make(made);
        }
        return costs(made);
    }

    bool finite() {
        const nb::gil_scoped_release free;
        const std::lock_guard alone(mutex_);
        return descent_->state.parameters.finite();
    }

    nb::tuple state() {
        // all that Python has a part in is made before the lock is taken, and whoever trains may need Python meanwhile
        Dictionary<T> parameters(network_);
        std::vector<Dictionary<T>> remembered;
        nb::list slots;
        for (std::size_t at = 0; at < descent_->state.slots.size(); ++at) {
            remembered.emplace_back(network_);
            slots.append(remembered.back().made);
        }
        std::uint64_t step = 0;
        {
            const nb::gil_scoped_release free;
            const std::lock_guard alone(mutex_);
            parameters.fill(descent_->state.parameters, T(1));
            for (std::size_t at = 0; at < remembered.size(); ++at) remembered[at].fill(descent_->state.slots[at], T(0));
            step = descent_->state.step;
        }
        return nb::make_tuple(parameters.made, slots, step);
    }

   private:
    Network network_;
    Owners owners_;
    std::size_t rows_ = 0, batch_size_;
    std::optional<Descent<T>> descent_;
    std::mutex mutex_;
};

// Steps of many descents, each on one thread: a list of (descent, order, rates) to a list of (costs, seconds).
template <class T>
nb::list train_many(const nb::list& given, std::size_t threads) {
    using One = PythonDescent<T>;
    std::vector<typename One::Steps> all;
    for (const nb::handle each : given) {
        nb::tuple parts;
        if (!nb::try_cast(each, parts, false) || parts.size() != 3 || !nb::isinstance<One>(parts[0]))
            throw std::invalid_argument("each must be a tuple of a descent, an order and rates");
        One& descent = nb::cast<One&>(parts[0]);
        for (const auto& other : all)
            if (other.descent == &descent) throw std::invalid_argument("each descent may be given once");
        all.push_back(descent.steps(parts[1], parts[2]));
    }
    {
        const nb::gil_scoped_release free;
        Crew crew(std::min({threads ? threads : SIZE_MAX, allowed_threads(), all.size()}));
        crew.share(all.size(), [&](std::size_t number, std::size_t) { all[number].descent->make(all[number]); });
    }
    nb::list made;
    for (const auto& steps : all) made.append(nb::make_tuple(One::costs(steps), steps.seconds));
    return made;
}

}  // namespace limpid::bindings
