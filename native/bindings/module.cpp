// The Python module limpid._native: checks and conversions, no mathematics. float32 and float64 are submodules of the
// same names; what they compute is in core/passes.hpp and core/train.hpp.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>

#include "bindings/arguments.hpp"
#include "bindings/tables.hpp"
#include "core/passes.hpp"
#include "core/train.hpp"

namespace nb = nanobind;
using namespace limpid;
using namespace limpid::bindings;

namespace {

SimdLevel level() {
    const char* wanted = std::getenv("LIMPID_SIMD");
    return choose_simd_level(wanted ? wanted : "");
}

SimdLevel bfloat16_level() {
    const SimdLevel chosen = level();
    const std::vector<SimdLevel> able = bfloat16_levels();
    if (chosen == SimdLevel::avx512 && !able.empty()) return able.back();
    throw std::invalid_argument("bfloat16 products need AVX512-BF16 or AMX-BF16 with AVX-512; in use is " +
                                std::string(name_of(chosen)) + (able.empty() ? ", without them" : ""));
}

template <std::size_t count>
nb::list names_of(const std::array<std::string_view, count>& names) {
    nb::list made;
    for (const std::string_view name : names) made.append(nb::str(name.data(), name.size()));
    return made;
}

void check_number(const char* name, bool fits, const char* needed, double given) {
    if (!fits) throw std::invalid_argument(std::string(name) + " must be " + needed + ", got " + std::to_string(given));
}

StepRule rule_of(const Optimizer& optimizer, std::size_t batch_size, double l2, double dropout, double clip_norm,
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

constexpr std::size_t few_rows = 32;  // for which weights are read where they lie: copying would take longer

// Arrays as the dictionary that Python knows parameters by: made of the right shapes, then filled.
template <class T>
struct Dictionary {
    nb::dict made;
    std::vector<std::vector<T*>> numbers;  // of each layer: those of `Layer::arrays`

    explicit Dictionary(const Network& network) : network_(network) {
        for (const Layer& layer : network.layers) {
            numbers.emplace_back();
            for (const std::string_view kind : layer.arrays()) {
                const auto [array, of_array] =
                    kind == "W" ? new_array<T>({layer.inputs, layer.units}) : new_array<T>({layer.units});
                made[(std::string(kind) + std::to_string(numbers.size())).c_str()] = array;
                numbers.back().push_back(of_array);
            }
        }
    }
    // `passing` stands where an embedding passes an input on.
    void fill(const Arrays<T>& from, T passing) {
        for (std::size_t at = 0; at < from.layers.size(); ++at)
            from.layers[at].write(network_.layers[at], numbers[at].data(), passing);
    }

   private:
    const Network& network_;
};

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

// A network with its parameters, which are read where they lie each time: what became of them since counts.
template <class T>
class Predictor {
   public:
    Predictor(const Network& network, const nb::dict& given)
        : network_(network), parameters_(network, given, "parameters", T(1)) {}

    nb::object predict(nb::handle X, std::size_t threads) const {
        const SimdLevel chosen = level();
        Owners owners;
        const Table<T> x = table<T>(network_.inputs(), X, owners, false);
        std::vector<Buffer<T>> copies;
        const Weights<T> from = parameters_.weights(x.rows > few_rows, copies);
        const auto [made, numbers] = new_array<T>({x.rows, network_.outputs()});
        std::size_t bad = 0;
        {
            const nb::gil_scoped_release free;
            bad = limpid::predict(network_, from, x.inputs, x.rows, chosen, threads, numbers);
        }
        check_place(x, network_.inputs(), bad);
        return made;
    }

   private:
    Network network_;
    Parameters<T> parameters_;
};

// One new array (rows, units) for each layer.
template <class T>
struct LayerArrays {
    nb::list made;
    std::vector<T*> numbers;

    LayerArrays(const Network& network, std::size_t rows) {
        for (const Layer& layer : network.layers) {
            const auto [array, of_array] = new_array<T>({rows, layer.units});
            made.append(array), numbers.push_back(of_array);
        }
    }
};

template <class T>
nb::tuple python_trace(const Network& network, const nb::dict& given, nb::handle X, std::size_t threads) {
    const SimdLevel chosen = level();
    Owners owners;
    const Table<T> x = table<T>(network.inputs(), X, owners, false);
    std::vector<Buffer<T>> copies;
    const Weights<T> from = Parameters<T>(network, given, "parameters", T(1)).weights(x.rows > few_rows, copies);
    const LayerArrays<T> z(network, x.rows), a(network, x.rows);
    std::size_t bad = 0;
    {
        const nb::gil_scoped_release free;
        bad = trace(network, from, x.inputs, x.rows, chosen, threads, z.numbers, a.numbers);
    }
    check_place(x, network.inputs(), bad);
    return nb::make_tuple(z.made, a.made);
}

template <class T>
nb::tuple python_judge(const Network& network, const nb::dict& given, nb::handle X, nb::handle Y, std::size_t threads) {
    const SimdLevel chosen = level();
    Owners owners;
    const Examples<T> from = examples<T>(network, X, Y, nb::none(), owners, false);
    std::vector<Buffer<T>> copies;
    const Weights<T> at = Parameters<T>(network, given, "parameters", T(1)).weights(from.rows > few_rows, copies);
    const auto [costs, of_costs] = new_array<double>({from.rows});
    const auto [outputs, numbers] = new_array<T>({from.rows, network.outputs()});
    std::size_t bad = 0;
    {
        const nb::gil_scoped_release free;
        bad = judge(network, at, from, chosen, threads, of_costs, numbers);
    }
    check_place(Table<T>{from.X, from.rows}, network.inputs(), bad);
    return nb::make_tuple(costs, outputs);
}

template <class T>
nb::tuple python_gradients(const Network& network, const nb::dict& given, nb::handle X, nb::handle Y,
                           nb::handle weights, double l2, std::size_t threads) {
    const SimdLevel chosen = level();
    check_number("l2", l2 >= 0 && l2 <= std::numeric_limits<double>::max(), "a finite number of at least 0", l2);
    Owners owners;
    const Examples<T> from = examples<T>(network, X, Y, weights, owners);
    const Arrays<T> at = Parameters<T>(network, given, "parameters", T(1)).copy();
    const LayerArrays<T> deltas(network, from.rows);
    Arrays<T> slopes(network);
    Dictionary<T> of_slopes(network);
    BatchCost found{};
    {
        const nb::gil_scoped_release free;
        found = gradients(network, at, from, l2, chosen, threads, deltas.numbers, slopes);
        of_slopes.fill(slopes, T(0));
    }
    return nb::make_tuple(found.cost, found.penalty, deltas.made, of_slopes.made);
}

template <class T>
void define(nb::module_ module) {
    nb::class_<PythonDescent<T>>(module, "Descent", "One network on its way down; see limpid.engines.contract.")
        .def(nb::init<const Network&, const Optimizer&, std::size_t, double, double, double, double, double,
                      std::uint64_t, bool, const nb::dict&, const nb::list&, std::uint64_t, nb::handle, nb::handle,
                      nb::handle, std::size_t>(),
             nb::arg("network"), nb::arg("optimizer"), nb::kw_only(), nb::arg("batch_size"), nb::arg("l2"),
             nb::arg("dropout"), nb::arg("clip_norm"), nb::arg("max_norm"), nb::arg("label_smoothing"), nb::arg("seed"),
             nb::arg("bfloat16"), nb::arg("parameters"), nb::arg("slots"), nb::arg("step"), nb::arg("X").none(),
             nb::arg("Y").none(), nb::arg("weights").none(), nb::arg("threads") = 0)
        .def("train", &PythonDescent<T>::train, nb::arg("order").none(), nb::arg("rates").none(),
             "A step for each batch of the rows in `order` (rows,), int64; costs and penalties (steps, 2).")
        .def("finite", &PythonDescent<T>::finite, "Whether all parameters are.")
        .def("state", &PythonDescent<T>::state, "Parameters, slots and the number of steps done.");
    nb::class_<SharedTable<T>>(module, "SharedTable", "X made ready once, to be read by many descents.")
        .def(nb::init<std::size_t, nb::handle>(), nb::arg("inputs"), nb::arg("X").none());
    module.def("train_many", &train_many<T>, nb::arg("steps"), nb::arg("threads") = 0,
               "Steps of many descents at once, each on one thread.");
    nb::class_<Predictor<T>>(module, "Predictor", "A network with its parameters, as they are when it is called.")
        .def(nb::init<const Network&, const nb::dict&>(), nb::arg("network"), nb::arg("parameters"))
        .def("__call__", &Predictor<T>::predict, nb::arg("X").none(), nb::arg("threads") = 0,
             "The outputs (rows, outputs).");
    module.def("trace", &python_trace<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               nb::arg("threads") = 0, "Every layer's z and a.");
    module.def("judge", &python_judge<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               nb::arg("Y").none(), nb::arg("threads") = 0, "What each row costs (rows,), and the outputs.");
    module.def("gradients", &python_gradients<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               nb::arg("Y").none(), nb::arg("weights").none(), nb::arg("l2"), nb::arg("threads") = 0,
               "Cost, penalty, deltas and slopes.");
}

}  // namespace

// By this threadpoolctl tells limpid's library from others that are called _native.
extern "C" [[gnu::visibility("default")]] std::size_t limpid_allowed_threads() { return allowed_threads(); }

NB_MODULE(_native, module) {
    module.doc() = "limpid's compiled part";
    module.def(
        "simd_level", [] { return name_of(level()); },
        "The vector instructions in use, 'baseline', 'avx2' or 'avx512': what $LIMPID_SIMD names, else the best there "
        "are.\n\nErrors: ValueError for an unknown name or one that the processor lacks.");
    module.def(
        "simd_levels",
        [] {
            nb::list made;
            for (int each = 0; each <= static_cast<int>(detect_simd_level()); ++each)
                made.append(name_of(static_cast<SimdLevel>(each)));
            return made;
        },
        "All that this processor has, the best last.");
    module.def(
        "bfloat16_level", [] { return name_of(bfloat16_level()); },
        "The instructions for products of bfloat16, 'avx512_bf16' or 'amx_bf16'.\n\nErrors: ValueError where there are "
        "none, or $LIMPID_SIMD names a level without them.");
    module.def("set_most_threads", &set_most_threads, nb::arg("most"),
               "At most so many threads from now on; 0 lifts the limit.");
    module.def("allowed_threads", &allowed_threads,
               "Cores that this process may use: by affinity, control group, $OMP_NUM_THREADS and set_most_threads.");
    module.attr("activations") = names_of(activation_names);
    module.attr("costs") = names_of(cost_names);
    module.attr("optimizers") = names_of(optimizer_names);
    module.attr("normalizations") = names_of(normalization_names);
    nb::class_<Network>(module, "Network", "Layers and cost, by name; ValueError for a name that is not known.")
        .def(
            "__init__",
            [](Network* made, const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
               const std::string& cost, const std::vector<double>& cost_numbers, const std::vector<std::size_t>& groups,
               const std::vector<std::string>& normalizations,
               const std::vector<std::pair<std::size_t, std::size_t>>& columns, std::size_t dimensions) {
                new (made) Network(
                    network(widths, activations, cost, cost_numbers, groups, normalizations, columns, dimensions));
            },
            nb::arg("widths"), nb::arg("activations"), nb::arg("cost"), nb::arg("cost_numbers") = std::vector<double>(),
            nb::arg("groups") = std::vector<std::size_t>(), nb::arg("normalizations") = std::vector<std::string>(),
            nb::arg("columns") = std::vector<std::pair<std::size_t, std::size_t>>(), nb::arg("dimensions") = 0);
    nb::class_<Optimizer>(module, "Optimizer", "An optimizer and its numbers, by name.")
        .def(
            "__init__",
            [](Optimizer* made, const std::string& name, const std::map<std::string, double>& numbers) {
                new (made) Optimizer(optimizer(name, numbers));
            },
            nb::arg("name"), nb::arg("numbers"));
    define<float>(module.def_submodule("float32", "Everything in float32."));
    define<double>(module.def_submodule("float64", "Everything in float64."));
}
