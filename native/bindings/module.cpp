// The Python module limpid._native: checks and conversions, no mathematics. float32 and float64 are submodules of the
// same names; what they compute is in core/passes.hpp and core/train.hpp.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>

#include "bindings/arguments.hpp"
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
                 double label_smoothing, std::uint64_t seed) {
    if (!batch_size) throw std::invalid_argument("batch_size must be at least 1, got 0");
    check_number("l2", l2 >= 0 && l2 <= std::numeric_limits<double>::max(), "a finite number of at least 0", l2);
    check_number("dropout", dropout >= 0 && dropout < 1, "at least 0 and below 1", dropout);
    check_number("label_smoothing", label_smoothing >= 0 && label_smoothing < 1, "at least 0 and below 1",
                 label_smoothing);
    check_number("clip_norm", clip_norm > 0, "above 0", clip_norm);
    return {optimizer, batch_size, l2, dropout, clip_norm, label_smoothing, seed};
}

// Arrays as the dictionary that Python knows parameters by: made of the right shapes, then filled.
template <class T>
struct Dictionary {
    nb::dict made;
    std::vector<T*> numbers;  // W1, b1, W2, ...

    explicit Dictionary(const Arrays<T>& like) {
        for (std::size_t at = 0; at < like.layers.size(); ++at) {
            const auto& layer = like.layers[at];
            const auto [W, W_numbers] = new_array<T>({layer.inputs, layer.units});
            const auto [b, b_numbers] = new_array<T>({layer.units});
            made[("W" + std::to_string(at + 1)).c_str()] = W;
            made[("b" + std::to_string(at + 1)).c_str()] = b;
            numbers.push_back(W_numbers), numbers.push_back(b_numbers);
        }
    }
    void fill(const Arrays<T>& from) {
        for (std::size_t at = 0; at < from.layers.size(); ++at)
            from.layers[at].write(numbers[2 * at], numbers[2 * at + 1]);
    }
};

// A Descent for Python: it keeps what it learns from alive, and lets one thread at a time in.
template <class T>
class PythonDescent {
   public:
    PythonDescent(const Network& network, const Optimizer& optimizer, std::size_t batch_size, double l2, double dropout,
                  double clip_norm, double label_smoothing, std::uint64_t seed, const nb::dict& start,
                  const nb::list& slots, std::uint64_t step, nb::handle X, nb::handle Y, nb::handle weights)
        : batch_size_(batch_size) {
        const StepRule rule = rule_of(optimizer, batch_size, l2, dropout, clip_norm, label_smoothing, seed);
        const Examples<T> given = examples<T>(network, X, Y, weights, owners_);
        rows_ = given.rows;
        State<T> from{parameters<T>(network, start, "parameters"), {}, step};
        if (slots.size() != optimizer.slots())
            throw std::invalid_argument("the optimizer remembers " + std::to_string(optimizer.slots()) +
                                        " arrays for each one, got " + std::to_string(slots.size()));
        std::vector<nb::dict> of_slots(slots.size());
        for (std::size_t at = 0; at < of_slots.size(); ++at)
            if (!nb::try_cast(slots[at], of_slots[at]))
                throw std::invalid_argument("the slots must be dictionaries of arrays");
        for (const nb::dict& slot : of_slots) from.slots.push_back(parameters<T>(network, slot, "slots"));
        if (step > std::numeric_limits<std::uint64_t>::max() / 2)
            throw std::invalid_argument("the step must be below 2**63, got " + std::to_string(step));
        descent_.emplace(network, rule, given, std::move(from), level());
    }

    nb::object train(nb::handle order, nb::handle rates) {
        const Array<std::int64_t> named = array<std::int64_t>(order, "the order", {-1});
        const Array<double> given = finite_array<double>(rates, "the rates", {-1});
        // copies: nobody can change what was checked
        const std::vector<std::int64_t> rows(named.numbers, named.numbers + named.rows());
        const std::vector<double> steps(given.numbers, given.numbers + given.rows());
        for (std::size_t at = 0; at < rows.size(); ++at)
            if (rows[at] < 0 || static_cast<std::size_t>(rows[at]) >= rows_)
                throw std::invalid_argument("the order must name rows from 0 to " + std::to_string(rows_ - 1) +
                                            ", got " + std::to_string(rows[at]) + " at place " + std::to_string(at));
        const std::size_t needed = (rows.size() - 1) / batch_size_ + 1;
        if (steps.size() != needed)
            throw std::invalid_argument(std::to_string(rows.size()) + " rows in batches of " +
                                        std::to_string(batch_size_) + " need " + std::to_string(needed) +
                                        " rates, got " + std::to_string(steps.size()));
        const auto [made, numbers] = new_array<double>({steps.size(), 2});
        std::vector<BatchCost> costs(steps.size());
        {
            const nb::gil_scoped_release free;
            const std::lock_guard alone(mutex_);
            descent_->train(rows.data(), rows.size(), steps.data(), steps.size(), costs.data());
        }
        for (std::size_t at = 0; at < costs.size(); ++at)
            numbers[2 * at] = costs[at].cost, numbers[2 * at + 1] = costs[at].penalty;
        return made;
    }

    nb::tuple state() {
        // all that Python has a part in is made before the lock is taken, and whoever trains may need Python meanwhile
        Dictionary<T> parameters(descent_->state.parameters);
        std::vector<Dictionary<T>> remembered;
        nb::list slots;
        for (const Arrays<T>& slot : descent_->state.slots) {
            remembered.emplace_back(slot);
            slots.append(remembered.back().made);
        }
        std::uint64_t step = 0;
        {
            const nb::gil_scoped_release free;
            const std::lock_guard alone(mutex_);
            parameters.fill(descent_->state.parameters);
            for (std::size_t at = 0; at < remembered.size(); ++at) remembered[at].fill(descent_->state.slots[at]);
            step = descent_->state.step;
        }
        return nb::make_tuple(parameters.made, slots, step);
    }

   private:
    std::vector<Array<T>> owners_;
    std::size_t rows_ = 0, batch_size_;
    std::optional<Descent<T>> descent_;
    std::mutex mutex_;
};

template <class T>
Array<T> inputs(const Network& network, nb::handle X) {
    return finite_array<T>(X, "X", {-1, static_cast<std::ptrdiff_t>(network.inputs())});
}

template <class T>
nb::object python_predict(const Network& network, const nb::dict& given, nb::handle X) {
    const SimdLevel chosen = level();
    const Array<T> x = inputs<T>(network, X);
    const Arrays<T> from = parameters<T>(network, given, "parameters");
    const auto [made, numbers] = new_array<T>({x.rows(), network.outputs()});
    {
        const nb::gil_scoped_release free;
        predict(network, from, x.numbers, x.rows(), chosen, numbers);
    }
    return made;
}

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
nb::tuple python_trace(const Network& network, const nb::dict& given, nb::handle X) {
    const SimdLevel chosen = level();
    const Array<T> x = inputs<T>(network, X);
    const Arrays<T> from = parameters<T>(network, given, "parameters");
    const LayerArrays<T> z(network, x.rows()), a(network, x.rows());
    {
        const nb::gil_scoped_release free;
        trace(network, from, x.numbers, x.rows(), chosen, z.numbers, a.numbers);
    }
    return nb::make_tuple(z.made, a.made);
}

template <class T>
nb::tuple python_gradients(const Network& network, const nb::dict& given, nb::handle X, nb::handle Y,
                           nb::handle weights, double l2) {
    const SimdLevel chosen = level();
    check_number("l2", l2 >= 0 && l2 <= std::numeric_limits<double>::max(), "a finite number of at least 0", l2);
    std::vector<Array<T>> owners;
    const Examples<T> from = examples<T>(network, X, Y, weights, owners);
    const Arrays<T> at = parameters<T>(network, given, "parameters");
    const LayerArrays<T> deltas(network, from.rows);
    Arrays<T> slopes(network);
    Dictionary<T> of_slopes(slopes);
    BatchCost found{};
    {
        const nb::gil_scoped_release free;
        found = gradients(network, at, from, l2, chosen, deltas.numbers, slopes);
        of_slopes.fill(slopes);
    }
    return nb::make_tuple(found.cost, found.penalty, deltas.made, of_slopes.made);
}

template <class T>
void define(nb::module_ module) {
    nb::class_<PythonDescent<T>>(module, "Descent", "One network on its way down; see limpid.engines.contract.")
        .def(nb::init<const Network&, const Optimizer&, std::size_t, double, double, double, double, std::uint64_t,
                      const nb::dict&, const nb::list&, std::uint64_t, nb::handle, nb::handle, nb::handle>(),
             nb::arg("network"), nb::arg("optimizer"), nb::kw_only(), nb::arg("batch_size"), nb::arg("l2"),
             nb::arg("dropout"), nb::arg("clip_norm"), nb::arg("label_smoothing"), nb::arg("seed"),
             nb::arg("parameters"), nb::arg("slots"), nb::arg("step"), nb::arg("X").none(), nb::arg("Y").none(),
             nb::arg("weights").none())
        .def("train", &PythonDescent<T>::train, nb::arg("order").none(), nb::arg("rates").none(),
             "A step for each batch of the rows in `order` (rows,), int64; costs and penalties (steps, 2).")
        .def("state", &PythonDescent<T>::state, "Parameters, slots and the number of steps done.");
    module.def("predict", &python_predict<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               "The outputs (rows, outputs).");
    module.def("trace", &python_trace<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               "Every layer's z and a.");
    module.def("gradients", &python_gradients<T>, nb::arg("network"), nb::arg("parameters"), nb::arg("X").none(),
               nb::arg("Y").none(), nb::arg("weights").none(), nb::arg("l2"), "Cost, penalty, deltas and slopes.");
}

}  // namespace

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
    module.attr("activations") = names_of(activation_names);
    module.attr("costs") = names_of(cost_names);
    module.attr("optimizers") = names_of(optimizer_names);
    nb::class_<Network>(module, "Network", "Layers and cost, by name; ValueError for a name that is not known.")
        .def(
            "__init__",
            [](Network* made, const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
               const std::string& cost,
               double cost_number) { new (made) Network(network(widths, activations, cost, cost_number)); },
            nb::arg("widths"), nb::arg("activations"), nb::arg("cost"), nb::arg("cost_number"));
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
