// Normalisation: sums brought to mean 0 and variance 1 and rescaled, and the way back, as in normalization.py. A sum
// over rows belongs to a lane, and so does one over a row's units, since rows are turned side by side for it.
#pragma once

#include "core/output.hpp"

namespace limpid::LIMPID_LEVEL {

// 1 / sqrt(variance + epsilon).
template <class T>
inline Vector<T> scale_of(Vector<T> variance) {
    return Vector<T>(T(1)) / sqrt(variance + Vector<T>(T(normalization_epsilon)));
}

// One number of each of `count` rows, which are lanes: what is behind them may be another thread's.
template <class T>
inline Vector<T> load_lanes(const T* from, std::size_t count) {
    T lanes[Vector<T>::width] = {};
    for (std::size_t lane = 0; lane < count; ++lane) lanes[lane] = from[lane];
    return Vector<T>::load(lanes);
}
template <class T>
inline void store_lanes(Vector<T> vector, T* to, std::size_t count) {
    T lanes[Vector<T>::width];
    vector.store(lanes);
    for (std::size_t lane = 0; lane < count; ++lane) to[lane] = lanes[lane];
}

constexpr std::size_t at_most(std::size_t width, std::size_t left) { return left < width ? left : width; }

template <class T>
void normalize_rows(const T* sums, std::size_t rows, std::size_t units, std::size_t stride, T* normal, T* scales,
                    T* room) {
    const Vector<T> count(static_cast<T>(units));
    abreast(sums, static_cast<const T*>(nullptr), stride, rows, units, normal, room,
            [&](const Abreast<T>& turned, std::size_t row) {
                Sum<T> sum, squares;
                for (std::size_t unit = 0; unit < units; ++unit) sum.add(turned.at(turned.z, unit));
                const Vector<T> mean = sum.total() / count;
                for (std::size_t unit = 0; unit < units; ++unit) {
                    const Vector<T> far = turned.at(turned.z, unit) - mean;
                    squares.add(far * far);
                    turned.put(turned.made, unit, far);
                }
                const Vector<T> scale = scale_of(squares.total() / count);
                for (std::size_t unit = 0; unit < units; ++unit)
                    turned.put(turned.made, unit, turned.at(turned.made, unit) * scale);
                if (scales) store_lanes(scale, scales + row, at_most(Vector<T>::width, rows - row));
            });
}

template <class T>
void normalize_columns(const T* sums, const T* mean, const T* variance, std::size_t rows, std::size_t units,
                       std::size_t stride, T* normal) {
    each_vector<T>(units, [&](std::size_t unit) {
        const Vector<T> middle = Vector<T>::load(mean + unit), scale = scale_of(Vector<T>::load(variance + unit));
        for (std::size_t at = unit; at < rows * stride; at += stride)
            ((Vector<T>::load(sums + at) - middle) * scale).store(normal + at);
    });
}

template <class T>
void column_moments(const T* sums, const T* shares, std::size_t rows, std::size_t units, std::size_t stride, T* mean,
                    T* variance) {
    each_vector<T>(units, [&](std::size_t unit) {
        Sum<T> sum, squares;
        for (std::size_t row = 0; row < rows; ++row)
            sum.add(Vector<T>(shares[row]) * Vector<T>::load(sums + row * stride + unit));
        const Vector<T> middle = sum.total();
        for (std::size_t row = 0; row < rows; ++row) {
            const Vector<T> far = Vector<T>::load(sums + row * stride + unit) - middle;
            squares.add(Vector<T>(shares[row]) * far * far);
        }
        middle.store(mean + unit);
        squares.total().store(variance + unit);
    });
}

template <class T>
void rescale(Activation activation, const T* normal, const T* gamma, const T* beta, std::size_t rows, std::size_t units,
             std::size_t stride, T* a, T* slope, const T* mask) {
    each_vector<T>(units, [&](std::size_t unit) {
        const Vector<T> factor = Vector<T>::load(gamma + unit), place = Vector<T>::load(beta + unit);
        for (std::size_t at = unit; at < rows * stride; at += stride)
            fma(Vector<T>::load(normal + at), factor, place).store(a + at);
    });
    const std::size_t vectors = (units + Vector<T>::width - 1) / Vector<T>::width;
    with_activation(activation, [&]<Activation known>() {
        if (known != Activation::identity || slope || mask)
            activate_block<known>(a, slope, mask, stride, rows, vectors);
    });
}

template <class T>
void back_through_rows(const Normalized<T>& from, const T* scales, T* delta, T* room) {
    const Vector<T> all(static_cast<T>(from.units));
    abreast(from.blame, from.normal, from.stride, from.rows, from.units, delta, room,
            [&](const Abreast<T>& turned, std::size_t row) {
                Sum<T> sum, products;
                for (std::size_t unit = 0; unit < from.units; ++unit) {
                    const Vector<T> blame = Vector<T>(from.gamma[unit]) * turned.at(turned.z, unit);
                    sum.add(blame), products.add(blame * turned.at(turned.y, unit));
                    turned.put(turned.made, unit, blame);
                }
                const Vector<T> through_mean = sum.total() / all, through_variance = products.total() / all,
                                scale = load_lanes(scales + row, at_most(Vector<T>::width, from.rows - row));
                for (std::size_t unit = 0; unit < from.units; ++unit) {
                    const Vector<T> shared = fma(turned.at(turned.y, unit), through_variance, through_mean);
                    turned.put(turned.made, unit, scale * (turned.at(turned.made, unit) - shared));
                }
            });
}

template <class T>
void back_through_columns(const Normalized<T>& from, const T* variance, const T* shares, const T* blame_sums,
                          const T* product_sums, T* delta) {
    each_vector<T>(from.units, [&](std::size_t unit) {
        const Vector<T> factor = Vector<T>::load(from.gamma + unit) * scale_of(Vector<T>::load(variance + unit));
        for (std::size_t row = 0; row < from.rows; ++row) {
            const std::size_t at = row * from.stride + unit;
            Vector<T> blame = Vector<T>::load(from.blame + at);
            if (shares) {
                const Vector<T> through_mean = Vector<T>::load(blame_sums + unit),
                                through_variance = Vector<T>::load(product_sums + unit);
                blame = blame -
                        Vector<T>(shares[row]) * fma(Vector<T>::load(from.normal + at), through_variance, through_mean);
            }
            (factor * blame).store(delta + at);
        }
    });
}

template <class T>
void column_products(const T* one, const T* other, std::size_t rows, std::size_t units, std::size_t stride, T* sums,
                     bool fresh) {
    each_vector<T>(units, [&](std::size_t unit) {
        Vector<T> sum = fresh ? Vector<T>(T(0)) : Vector<T>::load(sums + unit);
        for (std::size_t at = unit; at < rows * stride; at += stride)
            sum = fma(Vector<T>::load(one + at), Vector<T>::load(other + at), sum);
        sum.store(sums + unit);
    });
}

}  // namespace limpid::LIMPID_LEVEL
