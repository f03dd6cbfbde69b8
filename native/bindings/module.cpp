// The Python module limpid._native: checks and conversions, no mathematics. float32 and float64 are submodules of the
// same names; what they compute is in core/passes.hpp and core/train.hpp.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <string_view>

#include "bindings/answers.hpp"
#include "bindings/descent.hpp"

namespace nb = nanobind;
using namespace limpid;
using namespace limpid::bindings;

namespace {

template <std::size_t count>
nb::list names_of(const std::array<std::string_view, count>& names) {
    nb::list made;
    for (const std::string_view name : names) made.append(nb::str(name.data(), name.size()));
    return made;
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
