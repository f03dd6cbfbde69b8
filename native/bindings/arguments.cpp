#include "bindings/arguments.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>

namespace limpid::bindings {
namespace {

std::string text(const std::vector<std::size_t>& shape) {
    std::string made = "(";
    for (std::size_t at = 0; at < shape.size(); ++at) made += (at ? ", " : "") + std::to_string(shape[at]);
    return made + (shape.size() == 1 ? ",)" : ")");
}

std::string text(std::initializer_list<std::ptrdiff_t> shape) {
    std::string made = "(";
    for (const std::ptrdiff_t size : shape)
        made += (made.size() > 1 ? ", " : "") + (size < 0 ? "rows" : std::to_string(size));
    return made + (shape.size() == 1 ? ",)" : ")");
}

template <class T>
const char* kind() {
    if constexpr (std::is_same_v<T, float>) return "float32";
    if constexpr (std::is_same_v<T, double>) return "float64";
    return "int64";
}

std::string kind_of(const nb::ndarray<nb::ro>& given) {
    static const std::map<int, std::string> codes = {{0, "int"}, {1, "uint"}, {2, "float"}, {5, "complex"}};
    const auto code = codes.find(given.dtype().code);
    return code == codes.end() ? "another kind" : code->second + std::to_string(given.dtype().bits);
}

// An object's dtype, else its type, in words; whatever it answers, nothing but words comes out.
std::string name_of(nb::handle given) {
    try {
        const nb::object dtype = nb::getattr(given, "dtype", nb::none());
        const nb::str words(dtype.is_none() ? nb::object(given.type().attr("__name__")) : dtype);
        if (const char* found = words.c_str()) return found;
        PyErr_Clear();  // letters that no text may hold
    } catch (const nb::python_error&) {
    }
    return "something else";
}

template <class Names>
std::size_t place_of(const std::string& what, const std::string& name, const Names& names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw std::invalid_argument("the native engine has no " + what + " '" + name + "'; engine='reference' may have it");
}

}  // namespace

template <class T>
Array<T> array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    Array<T> made;
    if (!nb::try_cast(given, made.owner, false))
        throw std::invalid_argument(name + " must be a NumPy array of " + kind<T>() + ", got " + name_of(given));
    const auto& owner = made.owner;
    for (std::size_t at = 0; at < owner.ndim(); ++at) made.shape.push_back(owner.shape(at));
    if (owner.dtype() != nb::dtype<T>() || owner.device_type() != nb::device::cpu::value)
        throw std::invalid_argument(name + " must be an array of " + kind<T>() + ", got " + kind_of(owner));
    bool fits = owner.ndim() == shape.size();
    for (std::size_t at = 0; fits && at < owner.ndim(); ++at) {
        const std::ptrdiff_t wanted = shape.begin()[at];
        fits = wanted < 0 ? made.shape[at] > 0 : made.shape[at] == static_cast<std::size_t>(wanted);
    }
    if (!fits) throw std::invalid_argument(name + " must have shape " + text(shape) + ", got " + text(made.shape));
    std::int64_t step = 1;
    for (std::size_t at = owner.ndim(); at-- > 0;) {
        if (made.shape[at] > 1 && owner.stride(at) != step)
            throw std::invalid_argument(name + " must lie row by row with nothing between (np.ascontiguousarray)");
        step *= static_cast<std::int64_t>(made.shape[at]);
    }
    made.numbers = static_cast<const T*>(owner.data());
    if (reinterpret_cast<std::uintptr_t>(made.numbers) % alignof(T))
        throw std::invalid_argument(name + " must begin at a multiple of its numbers' size (np.require)");
    return made;
}

template <class T>
Array<T> finite_array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    Array<T> made = array<T>(given, name, shape);
    const std::size_t columns = made.shape.size() > 1 ? made.shape[1] : 1;
    for (std::size_t row = 0; row < made.rows(); ++row) {
        const T* numbers = made.numbers + row * columns;
        bool finite = true;
        for (std::size_t column = 0; column < columns; ++column)
            finite &= std::abs(numbers[column]) <= std::numeric_limits<T>::max();
        if (finite) continue;
        const T* bad = std::find_if_not(numbers, numbers + columns, [](T number) { return std::isfinite(number); });
        throw std::invalid_argument(name + " must be finite, got " + std::to_string(*bad) + " in row " +
                                    std::to_string(row) + ", column " + std::to_string(bad - numbers));
    }
    return made;
}

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, double cost_number) {
    if (widths.size() < 2 || activations.size() + 1 != widths.size())
        throw std::invalid_argument("a network needs an activation for each of its layers, at least one, got " +
                                    std::to_string(widths.size()) + " widths and " +
                                    std::to_string(activations.size()) + " activations");
    Network made{{}, {static_cast<CostKind>(place_of("cost", cost, cost_names)), cost_number}};
    for (std::size_t at = 0; at < activations.size(); ++at) {
        const auto activation = static_cast<Activation>(place_of("activation", activations[at], activation_names));
        made.layers.push_back({widths[at], widths[at + 1], activation});
    }
    for (const std::size_t width : widths)
        if (width < 1 || width >= std::size_t{1} << 31)
            throw std::invalid_argument("widths must be from 1 to 2147483647, got " + std::to_string(width));
    const auto hidden_softmax = [](const Layer& layer) { return layer.activation == Activation::softmax; };
    if (std::any_of(made.layers.begin(), made.layers.end() - 1, hidden_softmax))
        throw std::invalid_argument("a hidden layer cannot use 'softmax'");
    if (made.cost.kind == CostKind::cross_entropy && made.output() != Activation::softmax)
        throw std::invalid_argument("the cost 'cross_entropy' needs a 'softmax' output, got '" + activations.back() +
                                    "'");
    return made;
}

Optimizer optimizer(const std::string& name, const std::map<std::string, double>& numbers) {
    Optimizer made{.kind = static_cast<OptimizerKind>(place_of("optimizer", name, optimizer_names))};
    double before = 0;
    const std::map<std::string, double*> places = {{"momentum", &made.momentum},
                                                   {"decay", &made.decay},
                                                   {"beta_1", &made.beta_1},
                                                   {"beta_2", &made.beta_2},
                                                   {"epsilon", &made.epsilon},
                                                   {"weight_decay", &made.weight_decay},
                                                   {"epsilon_before_correction", &before}};
    for (const auto& [number, value] : numbers) {
        const auto place = places.find(number);
        if (place == places.end())
            throw std::invalid_argument("the native engine's '" + name + "' knows no number '" + number + "'");
        *place->second = value;
    }
    made.epsilon_before_correction = before != 0;
    return made;
}

template <class T>
Arrays<T> parameters(const Network& network, const nb::dict& given, const std::string& name) {
    std::vector<Array<T>> found;  // all are checked before any is copied
    for (std::size_t at = 0; at < network.layers.size(); ++at) {
        const auto inputs = static_cast<std::ptrdiff_t>(network.layers[at].inputs);
        const auto units = static_cast<std::ptrdiff_t>(network.layers[at].units);
        const auto find = [&](const std::string& key, std::initializer_list<std::ptrdiff_t> shape) {
            if (!given.contains(key.c_str())) throw std::invalid_argument("the " + name + " lack " + key);
            found.push_back(array<T>(given[key.c_str()], key + " of the " + name, shape));
        };
        find("W" + std::to_string(at + 1), {inputs, units});
        find("b" + std::to_string(at + 1), {units});
    }
    Arrays<T> made(network);
    for (std::size_t at = 0; at < made.layers.size(); ++at)
        made.layers[at].read(found[2 * at].numbers, found[2 * at + 1].numbers);
    return made;
}

template <class T>
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights,
                     std::vector<Array<T>>& owners) {
    owners.push_back(finite_array<T>(X, "X", {-1, static_cast<std::ptrdiff_t>(network.inputs())}));
    const auto rows = static_cast<std::ptrdiff_t>(owners[0].rows());
    owners.push_back(finite_array<T>(Y, "Y", {rows, static_cast<std::ptrdiff_t>(network.outputs())}));
    if (!weights.is_none()) owners.push_back(finite_array<T>(weights, "the weights", {rows}));
    return {owners[0].numbers, owners[1].numbers, weights.is_none() ? nullptr : owners[2].numbers, owners[0].rows()};
}

template <class T>
std::pair<nb::object, T*> new_array(std::initializer_list<std::size_t> shape) {
    std::size_t count = 1;
    for (const std::size_t size : shape) {
        if (size && count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T) / size) throw std::bad_alloc();
        count *= size;
    }
    T* numbers = new T[count]();
    const nb::capsule owner(numbers, [](void* made) noexcept { delete[] static_cast<T*>(made); });
    return {nb::cast(nb::ndarray<nb::numpy, T>(numbers, shape.size(), shape.begin(), owner)), numbers};
}

template Array<std::int64_t> array(nb::handle, const std::string&, std::initializer_list<std::ptrdiff_t>);
template Array<double> array(nb::handle, const std::string&, std::initializer_list<std::ptrdiff_t>);
template Array<double> finite_array(nb::handle, const std::string&, std::initializer_list<std::ptrdiff_t>);
template Array<float> finite_array(nb::handle, const std::string&, std::initializer_list<std::ptrdiff_t>);
template Arrays<float> parameters(const Network&, const nb::dict&, const std::string&);
template Arrays<double> parameters(const Network&, const nb::dict&, const std::string&);
template Examples<float> examples(const Network&, nb::handle, nb::handle, nb::handle, std::vector<Array<float>>&);
template Examples<double> examples(const Network&, nb::handle, nb::handle, nb::handle, std::vector<Array<double>>&);
template std::pair<nb::object, float*> new_array(std::initializer_list<std::size_t>);
template std::pair<nb::object, double*> new_array(std::initializer_list<std::size_t>);

}  // namespace limpid::bindings
