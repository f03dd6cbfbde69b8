// Matrices turned over at every level: all shapes around a vector's width, and nothing written outside whole vectors.
#include "matrix.hpp"

using namespace limpid;

namespace {

template <class T>
std::size_t width_of(SimdLevel level) {
    return (std::size_t{16} << static_cast<int>(level)) / sizeof(T);
}

template <class T>
void check(SimdLevel level, std::size_t rows, std::size_t columns) {
    const std::size_t width = width_of<T>(level), filled = (rows + width - 1) / width * width;
    const T untouched = T(-3.5);
    const Matrix<T> from(rows, columns, 1), to(columns, rows);
    std::fill_n(to.get(), columns * to.stride, untouched);
    kernels_for<T>(level).transpose(from.get(), from.stride, rows, columns, to.get(), to.stride);
    from.each([&](std::size_t row, std::size_t column, T number) { CHECK(to.at(column, row) == number); });
    for (std::size_t column = 0; column < columns; ++column)
        for (std::size_t at = filled; at < to.stride; ++at) CHECK(to.row(column)[at] == untouched);
}

// Part of a matrix, to a part of another: what several threads do at once.
template <class T>
void check_part(SimdLevel level) {
    const Matrix<T> from(96, 21, 1), to(21, 96), whole(21, 96);
    const auto transpose = kernels_for<T>(level).transpose;
    transpose(from.get(), from.stride, 96, 21, whole.get(), whole.stride);
    for (const std::size_t first : {48, 0})
        transpose(from.row(first), from.stride, 48, 21, to.get() + first, to.stride);
    CHECK(same(to, whole));
}

template <class T>
void check_all(SimdLevel level) {
    for (std::size_t rows = 1; rows <= 35; ++rows)
        for (std::size_t columns = 1; columns <= 35; ++columns) check<T>(level, rows, columns);
    check<T>(level, 130, 67);
    check_part<T>(level);
}

}  // namespace

int main() {
    for (const SimdLevel level : levels_here()) check_all<float>(level), check_all<double>(level);
    return 0;
}
