// The Python module limpid._native: checks and conversions, no mathematics. float32 and float64 are submodules of the
// same names; what they compute is in core/passes.hpp and core/train.hpp.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <mutex>
#include <optional>

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

std::size_t steps_for(std::size_t rows, std::size_t batch_size) { return (rows - 1) / batch_size + 1; }

StepRule rule_of(Optimizer optimizer, std::size_t batch_size, double l2, double dropout, double clip_norm,
                 double label_smoothing, std::uint64_t seed) {
    const auto check = [](const char* name, bool fits, const char* needed, double given) {
        if (!fits)
            throw std::invalid_argument(std::string(name) + " must be " + needed + ", got " + std::to_string(given));
    };
    check("batch_size", batch_size > 0, "at least 1", static_cast<double>(batch_size));
    check("l2", l2 >= 0 && l2 <= std::numeric_limits<double>::max(), "a finite number of at least 0", l2);
    check("dropout", dropout >= 0 && dropout < 1, "at least 0 and below 1", dropout);
    check("label_smoothing", label_smoothing >= 0 && label_smoothing < 1, "at least 0 and below 1", label_smoothing);
    check("clip_norm", clip_norm > 0, "above 0", clip_norm);
    return {std::move(optimizer), batch_size, l2, dropout, clip_norm, label_smoothing, seed};
}

// Arrays as the dictionary that Python knows parameters by.
template <class T>
nb::dict dictionary(const Arrays<T>& arrays) {
    nb::dict made;
    for (std::size_t at = 0; at < arrays.layers.size(); ++at) {
        const auto& layer = arrays.layers[at];
        const auto [W, W_numbers] = new_array<T>({layer.inputs, layer.units});
        const auto [b, b_numbers] = new_array<T>({layer.units});
        layer.write(W_numbers, b_numbers);
        made[("W" + std::to_string(at + 1)).c_str()] = W;
        made[("b" + std::to_string(at + 1)).c_str()] = b;
    }
    return made;
}

// A Descent for Python: it keeps what it learns from alive, and lets one thread at a time in.
template <class T>
class PythonDescent {
   public:
    PythonDescent(const Network& network, const Optimizer& optimizer, std::size_t batch_size, double l2, double dropout,
                  double clip_norm, double label_smoothing, std::uint64_t seed, const nb::dict& start,
                  const nb::list& slots, std::uint64_t step, nb::handle X, nb::handle Y, nb::handle weights)
        : batch_size_(batch_size) {
        StepRule rule = rule_of(optimizer, batch_size, l2, dropout, clip_norm, label_smoothing, seed);
        const Examples<T> given = examples<T>(network, X, Y, weights, owners_);
        rows_ = given.rows;
        State<T> from{parameters<T>(network, start, "parameters"), {}, step};
        if (slots.size() != optimizer.slots())
            throw std::invalid_argument("the optimizer remembers " + std::to_string(optimizer.slots()) +
                                        " arrays for each one, got " + std::to_string(slots.size()));
        for (const nb::handle slot : slots) {
            nb::dict of_slot;
            if (!nb::try_cast(slot, of_slot)) throw std::invalid_argument("the slots must be dictionaries of arrays");
            from.slots.push_back(parameters<T>(network, of_slot, "slots"));
        }
        descent_.emplace(network, std::move(rule), given, std::move(from), level());
    }

    nb::object train(nb::handle order, nb::handle rates) {
        const Array<std::int64_t> rows = array<std::int64_t>(order, "the order", {-1});
        const Array<double> steps = finite_array<double>(rates, "the rates", {-1});
        for (std::size_t at = 0; at < rows.rows(); ++at)
            if (rows.numbers[at] < 0 || static_cast<std::size_t>(rows.numbers[at]) >= rows_)
                throw std::invalid_argument("the order must name rows from 0 to " + std::to_string(rows_ - 1) +
                                            ", got " + std::to_string(rows.numbers[at]) + " at place " +
                                            std::to_string(at));
        if (steps.rows() != steps_for(rows.rows(), batch_size_))
            throw std::invalid_argument(
                std::to_string(rows.rows()) + " rows in batches of " + std::to_string(batch_size_) + " need " +
                std::to_string(steps_for(rows.rows(), batch_size_)) + " rates, got " + std::to_string(steps.rows()));
        const auto [made, numbers] = new_array<double>({steps.rows(), 2});
        std::vector<StepCost> costs(steps.rows());
        {
            const nb::gil_scoped_release free;
            const std::lock_guard alone(mutex_);
            descent_->train(rows.numbers, rows.rows(), steps.numbers, steps.rows(), costs.data());
        }
        for (std::size_t at = 0; at < costs.size(); ++at)
            numbers[2 * at] = costs[at].cost, numbers[2 * at + 1] = costs[at].penalty;
        return made;
    }

    nb::tuple state() {
        std::unique_lock alone(mutex_, std::defer_lock);
        {
            const nb::gil_scoped_release free;  // who trains may need Python before it is done
            alone.lock();
        }
        nb::list slots;
        for (const Arrays<T>& slot : descent_->state.slots) slots.append(dictionary(slot));
        return nb::make_tuple(dictionary(descent_->state.parameters), slots, descent_->state.step);
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
    const nb::gil_scoped_release free;
    predict(network, from, x.numbers, x.rows(), chosen, numbers);
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
    std::vector<Array<T>> owners;
    const Examples<T> from = examples<T>(network, X, Y, weights, owners);
    const Arrays<T> at = parameters<T>(network, given, "parameters");
    const LayerArrays<T> deltas(network, from.rows);
    Arrays<T> slopes(network);
    PassCost found{};
    {
        const nb::gil_scoped_release free;
        found = gradients(network, at, from, l2, chosen, deltas.numbers, slopes);
    }
    return nb::make_tuple(found.cost, found.penalty, deltas.made, dictionary(slopes));
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
        "The vector instructions in use, 'baseline' or 'avx2': what $LIMPID_SIMD names, else the best there "
        "are.\n\nErrors: ValueError for an unknown name or one that the processor lacks.");
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
