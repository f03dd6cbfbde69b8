#include "bindings/arguments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>

#include "core/finite.hpp"

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
    if constexpr (std::is_same_v<T, std::uint8_t>) return "uint8";
    if constexpr (std::is_same_v<T, Half>) return "float16";
    if constexpr (std::is_same_v<T, std::int32_t>) return "int32";
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

template <class T>
bool holds(const nb::ndarray<nb::ro>& given) {
    if constexpr (std::is_same_v<T, Half>)
        return given.dtype() == nb::dlpack::dtype{static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    else
        return given.dtype() == nb::dtype<T>();
}

std::string text(Half number) { return number.bits & 1023 ? "nan" : number.bits & 0x8000 ? "-inf" : "inf"; }
template <class T>
std::string text(T number) {
    return std::to_string(number);
}

template <class T>
[[noreturn]] void refuse(const std::string& name, T number, std::size_t row, std::size_t column) {
    throw std::invalid_argument(name + " must be finite, got " + text(number) + " in row " + std::to_string(row) +
                                ", column " + std::to_string(column));
}

template <class Names>
std::size_t place_of(const std::string& what, const std::string& name, const Names& names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw std::invalid_argument("the native engine has no " + what + " '" + name + "'; engine='reference' may have it");
}

}  // namespace

namespace {

template <class T>
Array<T> fitting(nb::ndarray<nb::ro> given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    Array<T> made;
    made.owner = std::move(given);
    const auto& owner = made.owner;
    for (std::size_t at = 0; at < owner.ndim(); ++at) made.shape.push_back(owner.shape(at));
    if (!holds<T>(owner) || owner.device_type() != nb::device::cpu::value)
        throw std::invalid_argument(name + " must be an array of " + kind<T>() + ", got " + kind_of(owner));
    bool fits = owner.ndim() == shape.size();
    for (std::size_t at = 0; fits && at < owner.ndim(); ++at) {
        const std::ptrdiff_t wanted = shape.begin()[at];
        fits = wanted < 0 ? made.shape[at] > 0 || wanted == any : made.shape[at] == static_cast<std::size_t>(wanted);
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
void check_finite(const Array<T>& given, const std::string& name) {
    const std::size_t columns = given.shape.size() > 1 ? given.shape[1] : 1, count = given.rows() * columns;
    const std::size_t bad = first_not_finite(given.numbers, count);
    if (bad < count) refuse(name, given.numbers[bad], bad / columns, bad % columns);
}

}  // namespace

template <class T>
Array<T> array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    nb::ndarray<nb::ro> found;
    if (!nb::try_cast(given, found, false))
        throw std::invalid_argument(name + " must be a NumPy array of " + kind<T>() + ", got " + name_of(given));
    return fitting<T>(std::move(found), name, shape);
}

template <class T>
Array<T> finite_array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    Array<T> made = array<T>(given, name, shape);
    check_finite(made, name);
    return made;
}

namespace {

// What kernels count on: a number for all outputs or one for each, and groups that are all of them.
void check_outputs(const Network& made) {
    const std::size_t numbers = made.cost.numbers.size(), outputs = made.outputs();
    const CostKind kind = made.cost.kind;
    if ((kind == CostKind::huber && numbers != 1) || (kind == CostKind::quantile && numbers != 1 && numbers != outputs))
        throw std::invalid_argument("the cost needs a number, or of quantiles one for each output, got " +
                                    std::to_string(numbers) + " for " + std::to_string(outputs) + " outputs");
    std::size_t left = outputs;
    for (const std::size_t size : made.group_sizes) left = size && size <= left ? left - size : outputs + 1;
    if (!made.group_sizes.empty() && (left || made.output() != Activation::softmax))
        throw std::invalid_argument("groups must be all outputs of a softmax");
    if (kind == CostKind::cross_entropy && made.output() != Activation::softmax)
        throw std::invalid_argument("the cost 'cross_entropy' needs a 'softmax' output, got '" +
                                    std::string(activation_names[static_cast<std::size_t>(made.output())]) + "'");
}

}  // namespace

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, const std::vector<double>& cost_numbers,
                const std::vector<std::size_t>& groups, const std::vector<std::string>& normalizations) {
    if (widths.size() < 2 || activations.size() + 1 != widths.size())
        throw std::invalid_argument("a network needs an activation for each of its layers, at least one, got " +
                                    std::to_string(widths.size()) + " widths and " +
                                    std::to_string(activations.size()) + " activations");
    Network made{{}, {static_cast<CostKind>(place_of("cost", cost, cost_names)), cost_numbers}, groups};
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
    check_outputs(made);
    if (!normalizations.empty() && normalizations.size() + 1 != made.layers.size())
        throw std::invalid_argument("a normalization for each hidden layer is needed, got " +
                                    std::to_string(normalizations.size()) + " for " +
                                    std::to_string(made.layers.size() - 1));
    for (std::size_t at = 0; at < normalizations.size(); ++at)
        made.layers[at].normalization =
            static_cast<Normalization>(place_of("normalization", normalizations[at], normalization_names));
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
Parameters<T>::Parameters(const Network& network, const nb::dict& given, const std::string& name) : network_(network) {
    for (std::size_t at = 0; at < network.layers.size(); ++at) {
        const auto inputs = static_cast<std::ptrdiff_t>(network.layers[at].inputs);
        const auto units = static_cast<std::ptrdiff_t>(network.layers[at].units);
        arrays_.emplace_back();
        const auto find = [&](const std::string& key, std::initializer_list<std::ptrdiff_t> shape) {
            if (!given.contains(key.c_str())) throw std::invalid_argument("the " + name + " lack " + key);
            arrays_[at].push_back(array<T>(given[key.c_str()], key + " of the " + name, shape));
        };
        for (const std::string_view kind : network.layers[at].arrays()) {
            const std::string key = std::string(kind) + std::to_string(at + 1);
            if (arrays_[at].empty())
                find(key, {inputs, units});
            else
                find(key, {units});
        }
    }
}

template <class T>
Arrays<T> Parameters<T>::copy() const {
    Arrays<T> made(network_);
    for (std::size_t at = 0; at < made.layers.size(); ++at) {
        std::vector<const T*> numbers;
        for (const Array<T>& each : arrays_[at]) numbers.push_back(each.numbers);
        made.layers[at].read(numbers.data());
    }
    return made;
}

template <class T>
Weights<T> Parameters<T>::weights(bool many, std::vector<Buffer<T>>& copies) const {
    Weights<T> made;
    const auto copied = [&](const T* from, std::size_t rows, std::size_t units, std::size_t stride) {
        copies.emplace_back(rows * stride);
        copy_rows(from, units, rows, units, copies.back().get(), stride);
        return copies.back().get();
    };
    for (std::size_t at = 0; at < network_.layers.size(); ++at) {
        const std::size_t inputs = network_.layers[at].inputs, units = network_.layers[at].units,
                          stride = stride_of<T>(units);
        const bool in_place = units % (cache_line / sizeof(T)) == 0 && !many;
        const auto find = [&](std::size_t place) -> const T* {
            if (place >= arrays_[at].size()) return nullptr;
            const T* numbers = arrays_[at][place].numbers;
            return in_place ? numbers : copied(numbers, place ? 1 : inputs, units, stride);
        };
        made.layers.push_back({find(0), find(1), in_place ? units : stride, find(2), find(3), find(4), find(5)});
    }
    return made;
}

namespace {

constexpr std::array<std::uint8_t, 256> all_codes = [] {
    std::array<std::uint8_t, 256> made{};
    for (std::size_t code = 0; code < made.size(); ++code) made[code] = static_cast<std::uint8_t>(code);
    return made;
}();

// What codes stand for where nothing else is said: themselves.
template <class T>
const T* themselves() {
    static const std::array<T, 256> made = [] {
        std::array<T, 256> values{};
        std::copy(all_codes.begin(), all_codes.end(), values.begin());
        return values;
    }();
    return made.data();
}

// Calls `use` with the array, of the kind that it holds and the shape that is wanted.
template <class Use>
Number with_kind(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape, Use use) {
    nb::ndarray<nb::ro> found;
    if (!nb::try_cast(given, found, false))
        throw std::invalid_argument(name + " must be a NumPy array of numbers, got " + name_of(given));
    if (holds<float>(found)) return use(fitting<float>(std::move(found), name, shape)), Number::float32;
    if (holds<double>(found)) return use(fitting<double>(std::move(found), name, shape)), Number::float64;
    if (holds<std::uint8_t>(found)) return use(fitting<std::uint8_t>(std::move(found), name, shape)), Number::uint8;
    if (holds<Half>(found)) return use(fitting<Half>(std::move(found), name, shape)), Number::float16;
    throw std::invalid_argument(name + " must be an array of uint8, float16, float32 or float64, got " +
                                kind_of(found));
}

template <class I>
std::size_t check_places(const Array<I>& starts, const Array<I>& places, std::size_t inputs) {
    const std::size_t rows = starts.rows() - 1, count = places.rows();
    for (std::size_t row = 0; row < rows; ++row) {
        const I first = starts.numbers[row], end = starts.numbers[row + 1];
        if (first < 0 || end < first || static_cast<std::size_t>(end) > count)
            throw std::invalid_argument("X's starts must ascend from 0 to " + std::to_string(count) + ", got " +
                                        std::to_string(first) + " and " + std::to_string(end) + " for row " +
                                        std::to_string(row));
        I before = -1;
        for (I at = first; at < end; before = places.numbers[at++])
            if (places.numbers[at] <= before || static_cast<std::size_t>(places.numbers[at]) >= inputs)
                throw std::invalid_argument("X's places must ascend in each row, from 0 to " +
                                            std::to_string(inputs - 1) + ", got " + std::to_string(places.numbers[at]) +
                                            " after " + std::to_string(before) + " in row " + std::to_string(row));
    }
    return rows;
}

// The row and column of a number in compressed sparse rows.
template <class I>
std::pair<std::size_t, std::size_t> row_and_column(const I* starts, const I* places, std::size_t rows, std::size_t at) {
    const I* const after = std::upper_bound(starts, starts + rows + 1, static_cast<I>(at));
    return {static_cast<std::size_t>(after - starts) - 1, static_cast<std::size_t>(places[at])};
}

template <class T, class I>
void sparse_table(std::size_t inputs, const nb::tuple& parts, Table<T>& made, Owners& owners) {
    const Array<I> starts = array<I>(parts[2], "X's starts", {-1}), places = array<I>(parts[1], "X's places", {any});
    const std::size_t rows = check_places(starts, places, inputs);
    if (!rows) throw std::invalid_argument("X must have at least one row");
    made.rows = rows;
    made.inputs.index = sizeof(I) == 4 ? Index::int32 : Index::int64;
    made.inputs.starts = starts.numbers, made.inputs.places = places.numbers;
    owners.push_back(starts.owner), owners.push_back(places.owner);
    const auto use = [&]<class U>(const Array<U>& numbers) {
        const std::size_t bad = first_not_finite(numbers.numbers, numbers.rows());
        if (bad < numbers.rows()) {
            const auto [row, column] = row_and_column(starts.numbers, places.numbers, rows, bad);
            refuse("X", numbers.numbers[bad], row, column);
        }
        made.inputs.numbers = numbers.numbers, owners.push_back(numbers.owner);
    };
    made.inputs.number = with_kind(parts[0], "X", {static_cast<std::ptrdiff_t>(places.rows())}, use);
}

}  // namespace

template <class T>
Table<T> table(std::size_t inputs, nb::handle X, Owners& owners, bool looks) {
    if (nb::isinstance<SharedTable<T>>(X)) {
        const auto& shared = nb::cast<const SharedTable<T>&>(X);
        if (shared.inputs() != inputs)
            throw std::invalid_argument("X must have " + std::to_string(inputs) + " inputs, got " +
                                        std::to_string(shared.inputs()));
        owners.objects.push_back(nb::borrow(X));
        return shared.view();
    }
    Table<T> made{};
    nb::tuple parts;
    const bool plain = !nb::try_cast(X, parts, false);
    if (plain) parts = nb::make_tuple(X, nb::none(), nb::none(), nb::none());
    if (parts.size() != 4) throw std::invalid_argument("X must be an array, or numbers, places, starts and meanings");
    made.inputs.codes = themselves<T>();
    if (!parts[3].is_none()) {
        const Array<T> meanings = finite_array<T>(parts[3], "X's meanings", {256});
        made.inputs.codes = meanings.numbers, owners.push_back(meanings.owner);
    }
    if (!parts[2].is_none()) {
        nb::ndarray<nb::ro> starts;
        if (nb::try_cast(nb::handle(parts[2]), starts, false) && holds<std::int32_t>(starts))
            sparse_table<T, std::int32_t>(inputs, parts, made, owners);
        else
            sparse_table<T, std::int64_t>(inputs, parts, made, owners);
        return made;
    }
    const auto columns = static_cast<std::ptrdiff_t>(inputs);
    made.inputs.number = with_kind(parts[0], "X", {-1, columns}, [&]<class U>(const Array<U>& numbers) {
        if (looks) check_finite(numbers, "X");
        made.inputs.numbers = numbers.numbers, made.rows = numbers.rows(), owners.push_back(numbers.owner);
    });
    return made;
}

template <class T>
void check_place(const Table<T>& given, std::size_t inputs, std::size_t place) {
    if (place / inputs >= given.rows) return;
    with_numbers(given.inputs,
                 [&](const auto* numbers) { refuse("X", numbers[place], place / inputs, place % inputs); });
}

template <class T>
SharedTable<T>::SharedTable(std::size_t inputs, nb::handle X) : inputs_(inputs), table_(table<T>(inputs, X, owners_)) {
    constexpr std::size_t usual_units = 64;
    if (leaving_out_pays(table_.inputs, table_.rows, inputs, usual_units, false))
        table_.inputs = compressed_.emplace(table_.inputs, table_.rows, inputs).view();
}

template <class T>
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights, Owners& owners) {
    const Table<T> from = table<T>(network.inputs(), X, owners);
    const auto rows = static_cast<std::ptrdiff_t>(from.rows);
    const Array<T> targets = finite_array<T>(Y, "Y", {rows, static_cast<std::ptrdiff_t>(network.outputs())});
    owners.push_back(targets.owner);
    Examples<T> made{from.inputs, targets.numbers, nullptr, from.rows};
    if (!weights.is_none()) {
        const Array<T> found = finite_array<T>(weights, "the weights", {rows});
        made.weights = found.numbers, owners.push_back(found.owner);
    }
    return made;
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
template class Parameters<float>;
template class Parameters<double>;
template Table<float> table(std::size_t, nb::handle, Owners&, bool);
template void check_place(const Table<float>&, std::size_t, std::size_t);
template Table<double> table(std::size_t, nb::handle, Owners&, bool);
template void check_place(const Table<double>&, std::size_t, std::size_t);
template class SharedTable<float>;
template class SharedTable<double>;
template Examples<float> examples(const Network&, nb::handle, nb::handle, nb::handle, Owners&);
template Examples<double> examples(const Network&, nb::handle, nb::handle, nb::handle, Owners&);
template std::pair<nb::object, float*> new_array(std::initializer_list<std::size_t>);
template std::pair<nb::object, double*> new_array(std::initializer_list<std::size_t>);

}  // namespace limpid::bindings
