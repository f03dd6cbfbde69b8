// The output layer: activation, cost and blame of whole rows. Sums over a row run in ascending order, in double.
#pragma once

#include "core/costs.hpp"
#include "core/kernels.hpp"

namespace limpid::LIMPID_LEVEL {

// Vectors over the first `units` numbers of a row, the last one filled up: `use` gets each one's place.
template <class T, class Use>
[[gnu::always_inline]] inline void each_vector(std::size_t units, Use use) {
    for (std::size_t at = 0; at < units; at += Vector<T>::width) use(at);
}

template <class T>
inline T row_sum(const T* row, std::size_t units) {
    double sum = 0;
    for (std::size_t unit = 0; unit < units; ++unit) sum += static_cast<double>(row[unit]);
    return static_cast<T>(sum);
}

// e^(z - largest) of a row to `e`, and what they add up to.
template <class T>
struct SoftmaxRow {
    T largest, sum;

    SoftmaxRow(const T* z, T* e, std::size_t units) : largest(z[0]) {
        for (std::size_t unit = 1; unit < units; ++unit) largest = z[unit] > largest ? z[unit] : largest;
        each_vector<T>(units, [&](std::size_t at) { exp(Vector<T>::load(z + at) - Vector<T>(largest)).store(e + at); });
        sum = row_sum(e, units);
    }
};

template <class T>
inline void softmax(const T* z, T* a, std::size_t units) {
    const SoftmaxRow<T> row(z, a, units);
    each_vector<T>(units, [&](std::size_t at) { (Vector<T>::load(a + at) / Vector<T>(row.sum)).store(a + at); });
}

template <class T>
void activate_rows(Activation kind, T* z, std::size_t rows, std::size_t units, std::size_t stride) {
    if (kind == Activation::softmax) {
        for (std::size_t row = 0; row < rows; ++row) softmax(z + row * stride, z + row * stride, units);
        return;
    }
    const std::size_t vectors = (units + Vector<T>::width - 1) / Vector<T>::width;
    with_activation(kind, [&]<Activation known>() {
        activate_block<known>(z, static_cast<T*>(nullptr), static_cast<const T*>(nullptr), stride, rows, vectors);
    });
}

// One row's blame into `delta`, its share of the costs onto `terms`.
template <class T>
inline void cross_entropy_row(const T* z, const T* y, T share, std::size_t units, T* delta, T* terms) {
    using V = Vector<T>;
    const SoftmaxRow<T> row(z, delta, units);
    const V sum(row.sum), log_sum = log(sum), largest(row.largest), wanted(row_sum(y, units)), weight(share);
    each_vector<T>(units, [&](std::size_t at) {
        const V target = V::load(y + at), shifted = V::load(z + at) - largest;
        fma(weight, target * (log_sum - shifted), V::load(terms + at)).store(terms + at);
        (weight * fma(V::load(delta + at) / sum, wanted, -target)).store(delta + at);
    });
}

template <class T>
inline void softmax_row(const Cost& cost, const T* z, const T* y, T share, std::size_t units, T* delta, T* terms) {
    using V = Vector<T>;
    softmax(z, delta, units);
    double inner = 0;  // sum of a dC/da: every output is blamed for its neighbours too
    each_vector<T>(units, [&](std::size_t at) {
        const V a = V::load(delta + at);
        const TermAndSlope<T> found = cost_of(cost, a, V::load(y + at));
        fma(V(share), found.term, V::load(terms + at)).store(terms + at);
        const V product = a * found.slope;
        for (std::size_t lane = 0; lane < V::width && at + lane < units; ++lane)
            inner += static_cast<double>(product.lanes[lane]);
    });
    each_vector<T>(units, [&](std::size_t at) {
        const V a = V::load(delta + at);
        const V slope = cost_of(cost, a, V::load(y + at)).slope;
        (V(share) * a * (slope - V(static_cast<T>(inner)))).store(delta + at);
    });
}

template <Activation kind, class T>
inline void elementwise_row(const Cost& cost, bool matching, const T* z, const T* y, T share, std::size_t units,
                            T* delta, T* terms) {
    using V = Vector<T>;
    each_vector<T>(units, [&](std::size_t at) {
        const V sum = V::load(z + at), target = V::load(y + at);
        const ValueAndSlope<T> a = activate<kind>(sum);
        TermAndSlope<T> found;
        if (matching)
            found = {term_from_z(cost.kind, sum, target), a.value - target};
        else {
            found = cost_of(cost, a.value, target);
            found.slope = found.slope * a.slope;
        }
        fma(V(share), found.term, V::load(terms + at)).store(terms + at);
        (V(share) * found.slope).store(delta + at);
    });
}

// The sum over (rows, units) of what `add_row` adds to the columns of its block of rows.
template <class T, class AddRow>
inline double block_sum(std::size_t rows, std::size_t units, T* columns, AddRow add_row) {
    double total = 0;
    for (std::size_t first = 0; first < rows; first += rows_a_block) {
        each_vector<T>(units, [&](std::size_t at) { Vector<T>(T(0)).store(columns + at); });
        for (std::size_t row = first; row < rows && row < first + rows_a_block; ++row) add_row(row);
        for (std::size_t unit = 0; unit < units; ++unit) total += static_cast<double>(columns[unit]);
    }
    return total;
}

// The cost of all rows: `use` is called with each row's z, y, share, delta and the terms that it adds to.
template <class T, class Use>
inline double each_row(const Answers<T>& answers, T* delta, T* terms, Use use) {
    return block_sum(answers.rows, answers.units, terms, [&](std::size_t row) {
        const std::size_t at = row * answers.stride;
        use(answers.z + at, answers.y + at, answers.shares[row], delta + at, terms);
        for (std::size_t unit = answers.units; unit % Vector<T>::width; ++unit) delta[at + unit] = 0;
    });
}

template <class T>
double output_cost(const Answers<T>& answers, T* delta, T* terms) {
    const std::size_t units = answers.units;
    double total = 0;
    if (answers.output != Activation::softmax)
        with_activation(answers.output, [&]<Activation known>() {
            total = each_row(answers, delta, terms, [&](const T* z, const T* y, T share, T* to, T* columns) {
                elementwise_row<known>(answers.cost, answers.matching, z, y, share, units, to, columns);
            });
        });
    else if (answers.matching)
        total = each_row(answers, delta, terms, [&](const T* z, const T* y, T share, T* to, T* columns) {
            cross_entropy_row(z, y, share, units, to, columns);
        });
    else
        total = each_row(answers, delta, terms, [&](const T* z, const T* y, T share, T* to, T* columns) {
            softmax_row(answers.cost, z, y, share, units, to, columns);
        });
    return total;
}

}  // namespace limpid::LIMPID_LEVEL
