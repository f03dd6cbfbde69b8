// What a network with fixed parameters says to rows, for Python: see core/passes.hpp.
#pragma once

#include <limits>

#include "bindings/arguments.hpp"
#include "bindings/tables.hpp"
#include "core/passes.hpp"

namespace limpid::bindings {

inline constexpr std::size_t few_rows = 32;  // for which weights are read where they lie: copying would take longer

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

}  // namespace limpid::bindings
