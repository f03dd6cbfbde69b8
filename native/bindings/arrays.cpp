#include "bindings/arrays.hpp"

#include <map>

namespace limpid::bindings {

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

std::string kind_of(const nb::ndarray<nb::ro>& given) {
    static const std::map<int, std::string> codes = {{0, "int"}, {1, "uint"}, {2, "float"}, {5, "complex"}};
    const auto code = codes.find(given.dtype().code);
    return code == codes.end() ? "another kind" : code->second + std::to_string(given.dtype().bits);
}

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

std::string text(Half number) { return number.bits & 1023 ? "nan" : number.bits & 0x8000 ? "-inf" : "inf"; }

}  // namespace limpid::bindings
