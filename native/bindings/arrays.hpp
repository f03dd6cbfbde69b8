// Arrays that Python hands over, checked by name, kind, shape and value before any native work: a ValueError says what
// was given and what is needed.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/finite.hpp"
#include "core/inputs.hpp"

namespace limpid::bindings {

namespace nb = nanobind;

// An array that stays alive with this object.
template <class T>
struct Array {
    nb::ndarray<nb::ro> owner;
    const T* numbers = nullptr;
    std::vector<std::size_t> shape;

    std::size_t rows() const { return shape[0]; }
};

// Shapes, kinds and numbers in words.
std::string text(const std::vector<std::size_t>& shape);
std::string text(std::initializer_list<std::ptrdiff_t> shape);
std::string text(Half number);
template <class T>
std::string text(T number) {
    return std::to_string(number);
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

std::string kind_of(const nb::ndarray<nb::ro>& given);
// An object's dtype, else its type, in words; whatever it answers, nothing but words comes out.
std::string name_of(nb::handle given);

template <class T>
bool holds(const nb::ndarray<nb::ro>& given) {
    if constexpr (std::is_same_v<T, Half>)
        return given.dtype() == nb::dlpack::dtype{static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    else
        return given.dtype() == nb::dtype<T>();
}

template <class T>
[[noreturn]] void refuse(const std::string& name, T number, std::size_t row, std::size_t column) {
    throw std::invalid_argument(name + " must be finite, got " + text(number) + " in row " + std::to_string(row) +
                                ", column " + std::to_string(column));
}

// A size that may be anything, 0 too; -1 stands for any from 1 on.
inline constexpr std::ptrdiff_t any = -2;

// The array as numbers of kind T without anything between the rows.
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

// `given` as the same; where it is no array, it is named by what it is.
template <class T>
Array<T> array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    nb::ndarray<nb::ro> found;
    if (!nb::try_cast(given, found, false))
        throw std::invalid_argument(name + " must be a NumPy array of " + kind<T>() + ", got " + name_of(given));
    return fitting<T>(std::move(found), name, shape);
}

// The same, and every number is finite; a bad one is named by row and column.
template <class T>
Array<T> finite_array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape) {
    Array<T> made = array<T>(given, name, shape);
    check_finite(made, name);
    return made;
}

// A new NumPy array of kind T and its numbers.
template <class T>
std::pair<nb::object, T*> new_array(std::initializer_list<std::size_t> shape) {
    std::size_t count = 1;
    for (const std::size_t size : shape) {
        if (size && count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T) / size) throw std::bad_alloc();
        count *= size;
    }
    T* numbers = new T[count];  // each to be written, before Python sees it
    const nb::capsule owner(numbers, [](void* made) noexcept { delete[] static_cast<T*>(made); });
    return {nb::cast(nb::ndarray<nb::numpy, T>(numbers, shape.size(), shape.begin(), owner)), numbers};
}

}  // namespace limpid::bindings
