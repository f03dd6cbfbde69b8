// Matrices laid out as the engine lays them out, sparse ones as lists too, and the plain sums that kernels are held to.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "check.hpp"
#include "core/kernels.hpp"
#include "core/layout.hpp"

// Before its first row and behind its last one lies a row that nobody may write to.
template <class T>
struct Matrix {
    std::size_t rows, columns, stride;
    limpid::Buffer<T> numbers;

    // Zeros; with a seed, draws from the normal distribution.
    Matrix(std::size_t r, std::size_t c, unsigned seed = 0)
        : rows(r), columns(c), stride(limpid::stride_of<T>(c)), numbers((r + 2) * stride) {
        for (T& number : fence()) number = untouched;
        std::mt19937 random(seed);
        std::normal_distribution<T> draw;
        if (seed) each([&](std::size_t, std::size_t, T& number) { number = draw(random); });
    }
    Matrix(Matrix&&) = default;
    Matrix& operator=(Matrix&&) = default;
    ~Matrix() {
        if (numbers.get())
            for (const T& number : fence()) CHECK(number == untouched);
    }

    T* row(std::size_t number) const { return numbers.get() + (number + 1) * stride; }
    T* get() const { return row(0); }
    T& at(std::size_t r, std::size_t c) const { return row(r)[c]; }

    // Calls `use` with every number that counts, by row and column.
    template <class Use>
    void each(Use use) const {
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < columns; ++c) use(r, c, at(r, c));
    }

    // Makes most numbers zero; whole rows and columns too.
    Matrix thinned(unsigned seed) && {
        std::mt19937 random(seed);
        each([&](std::size_t r, std::size_t c, T& number) {
            if (random() % 8 || r % 5 == 3 || c % 7 == 2) number = 0;
        });
        return std::move(*this);
    }

   private:
    static constexpr T untouched = T(7.25);

    std::vector<std::reference_wrapper<T>> fence() const {
        std::vector<std::reference_wrapper<T>> made;
        for (std::size_t at = 0; at < stride; ++at) made.push_back(numbers.get()[at]), made.push_back(row(rows)[at]);
        return made;
    }
};

// Whether all numbers that count have the same bits, but for the sign of a zero; two that are no numbers differ.
template <class T>
bool same(const Matrix<T>& one, const Matrix<T>& other) {
    bool found = one.rows == other.rows && one.columns == other.columns;
    one.each([&](std::size_t r, std::size_t c, T number) { found = found && number == other.at(r, c); });
    return found;
}

// What is not zero of a matrix, in blocks of so many columns.
template <class T>
struct Listed {
    std::size_t parts;
    std::vector<std::uint32_t> bounds, places;
    std::vector<std::uint16_t> narrow;
    std::vector<std::uint8_t> coded;
    std::vector<T> numbers, codes;  // of the latter those of the first 256 numbers

    Listed(const Matrix<T>& dense, std::size_t block) : parts((dense.columns - 1) / block + 1) {
        dense.each([&](std::size_t, std::size_t c, T number) {
            if (c == 0) bounds.push_back(size());
            if (number != 0) places.push_back(static_cast<std::uint32_t>(c)), numbers.push_back(number);
            if ((c + 1) % block == 0 || c + 1 == dense.columns) bounds.push_back(size());
        });
        narrow.assign(places.begin(), places.end());
        codes.assign(numbers.begin(), numbers.begin() + std::min<std::ptrdiff_t>(256, std::ssize(numbers)));
        for (std::size_t at = 0; at < codes.size(); ++at) coded.push_back(static_cast<std::uint8_t>(at));
    }
    limpid::Lists<T> view() const {
        return {bounds.data(), parts + 1, parts, limpid::Listing::wide, places.data(), numbers.data()};
    }
    // However they may lie; as codes where there are few enough.
    std::vector<limpid::Lists<T>> views() const {
        std::vector<limpid::Lists<T>> made{
            view(), {bounds.data(), parts + 1, parts, limpid::Listing::narrow, narrow.data(), numbers.data()}};
        if (codes.size() == numbers.size())
            made.push_back(
                {bounds.data(), parts + 1, parts, limpid::Listing::coded, narrow.data(), coded.data(), codes.data()});
        return made;
    }

   private:
    std::uint32_t size() const { return static_cast<std::uint32_t>(places.size()); }
};

struct Shape {
    std::size_t rows, depth, units;
};

// The factors of a b, and of a^T b; with `a` in lists.
template <class T>
limpid::Factors<T> of(const Matrix<T>& a, const Matrix<T>& b) {
    return {a.get(), b.get(), a.stride, b.stride, a.rows, b.columns, a.columns};
}
template <class T>
limpid::Factors<T> transposed(const Matrix<T>& a, const Matrix<T>& b) {
    return {a.get(), b.get(), a.stride, b.stride, a.columns, b.columns, a.rows};
}
template <class T>
limpid::Factors<T> listed(const limpid::Lists<T>& a, const Matrix<T>& b, std::size_t rows) {
    return {nullptr, b.get(), 0, b.stride, rows, b.columns, b.rows, a};
}

template <class T>
Matrix<T> layer(const limpid::Kernels<T>& kernels, const limpid::Factors<T>& factors, const Matrix<T>& bias,
                limpid::Activation activation = limpid::Activation::identity, const Matrix<T>* slope = nullptr,
                const Matrix<T>* mask = nullptr) {
    Matrix<T> a(factors.rows, factors.columns);
    kernels.layer(factors, bias.get(), activation, a.get(), slope ? slope->get() : nullptr,
                  mask ? mask->get() : nullptr, a.stride);
    return a;
}

// A sum of products by a plain loop. A kernel's may differ by what its steps lose: each rounds at most twice.
class Plain {
   public:
    void add(long double a, long double b = 1) { sum += a * b, size_ += std::abs(a * b), ++terms_; }

    template <class T>
    void check(T got) const {
        const long double allowed = 2 * (terms_ + 1) * std::numeric_limits<T>::epsilon() * size_;
        CHECK(std::abs(static_cast<long double>(got) - sum) <= allowed);
    }

    long double sum = 0;

   private:
    long double size_ = 0;
    int terms_ = 0;
};

// Calls `make` with the kernels of every level here: those that fuse must make the same bits.
template <class T, class Make>
void at_each_level(Make make) {
    std::optional<Matrix<T>> fused;
    for (const limpid::SimdLevel level : levels_here()) {
        Matrix<T> made = make(limpid::kernels_for<T>(level));
        if (level == limpid::SimdLevel::baseline) continue;
        if (fused) CHECK(same(*fused, made));
        fused = std::move(made);
    }
}
