// The output layer: activation, cost and blame. Rows are turned side by side first, so that a lane is a row: what is
// added up over a row's units, in ascending order, needs no sum across lanes.
#pragma once

#include "core/costs.hpp"
#include "core/kernels.hpp"
#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

// Vectors over the first `units` numbers of a row, the last one filled up: `use` gets each one's place.
template <class T, class Use>
[[gnu::always_inline]] inline void each_vector(std::size_t units, Use use) {
    for (std::size_t at = 0; at < units; at += Vector<T>::width) use(at);
}

// A sum of many numbers, part by part: its error grows with the parts' length and number, not with their product.
template <class T>
class Sum {
   public:
    void add(Vector<T> term) {
        part_ = part_ + term;
        if (++count_ % 32 == 0) total_ = total_ + part_, part_ = Vector<T>(T(0));
    }
    Vector<T> total() const { return total_ + part_; }

   private:
    Vector<T> part_{T(0)}, total_{T(0)};
    std::size_t count_ = 0;
};

// Some rows side by side: their z and y, and room for what is made of them; unit u's vector is number u. They are units
// from `first` on of all.
template <class T>
struct Abreast {
    T *z, *y, *made;
    std::size_t units, first = 0;

    Abreast some(std::size_t from, std::size_t count) const {
        const std::size_t at = from * Vector<T>::width;
        return {z + at, y + at, made + at, count, from};
    }
    static Vector<T> at(const T* numbers, std::size_t unit) {
        return Vector<T>::load(numbers + unit * Vector<T>::width);
    }
    static void put(T* numbers, std::size_t unit, Vector<T> vector) { vector.store(numbers + unit * Vector<T>::width); }
};

// e^(z - largest) of each unit to `made`, and what they add up to.
template <class T>
struct Softmax {
    Vector<T> largest, sum;

    explicit Softmax(const Abreast<T>& rows) : largest(rows.at(rows.z, 0)) {
        for (std::size_t unit = 1; unit < rows.units; ++unit) largest = max(largest, rows.at(rows.z, unit));
        Sum<T> found;
        for (std::size_t unit = 0; unit < rows.units; ++unit) {
            const Vector<T> e = exp(rows.at(rows.z, unit) - largest);
            rows.put(rows.made, unit, e);
            found.add(e);
        }
        sum = found.total();
    }
};

// Calls `use` with each group of the rows' units.
template <class T, class Use>
[[gnu::always_inline]] inline void each_group(const Abreast<T>& rows, const Groups& groups, Use use) {
    for (std::size_t first = 0, number = 0; first < rows.units; ++number) {
        const std::size_t count = groups.count ? groups.sizes[number] : rows.units;
        use(rows.some(first, count));
        first += count;
    }
}

template <class T>
inline void softmax(const Abreast<T>& rows) {
    const Softmax<T> found(rows);
    for (std::size_t unit = 0; unit < rows.units; ++unit)
        rows.put(rows.made, unit, rows.at(rows.made, unit) / found.sum);
}

// These three leave dC/dz of the rows in `made`, by the rows' shares of the blame, and return their costs.
template <class T>
inline Vector<T> cross_entropy(const Abreast<T>& rows, Vector<T> share) {
    const Softmax<T> found(rows);
    const Vector<T> log_sum = log(found.sum);
    Sum<T> wanted, cost;
    for (std::size_t unit = 0; unit < rows.units; ++unit) wanted.add(rows.at(rows.y, unit));
    const Vector<T> scale = wanted.total() / found.sum;
    for (std::size_t unit = 0; unit < rows.units; ++unit) {
        const Vector<T> y = rows.at(rows.y, unit), shifted = rows.at(rows.z, unit) - found.largest;
        cost.add(y * (log_sum - shifted));
        rows.put(rows.made, unit, share * fma(rows.at(rows.made, unit), scale, -y));
    }
    return cost.total();
}

template <class T>
inline Vector<T> other_cost_of_softmax(const Abreast<T>& rows, Vector<T> share, const Measure& cost) {
    softmax(rows);
    Sum<T> inner, terms;  // of a dC/da: every output is blamed for its neighbours too
    for (std::size_t unit = 0; unit < rows.units; ++unit) {
        const Vector<T> a = rows.at(rows.made, unit);
        const TermAndSlope<T> found = cost_of(cost, rows.first + unit, a, rows.at(rows.y, unit));
        terms.add(found.term), inner.add(a * found.slope);
    }
    for (std::size_t unit = 0; unit < rows.units; ++unit) {
        const Vector<T> a = rows.at(rows.made, unit),
                        slope = cost_of(cost, rows.first + unit, a, rows.at(rows.y, unit)).slope;
        rows.put(rows.made, unit, share * a * (slope - inner.total()));
    }
    return terms.total();
}

template <Activation kind, class T>
inline Vector<T> cost_unit_by_unit(const Abreast<T>& rows, Vector<T> share, const Measure& cost, bool matching) {
    Sum<T> terms;
    for (std::size_t unit = 0; unit < rows.units; ++unit) {
        const Vector<T> z = rows.at(rows.z, unit), y = rows.at(rows.y, unit);
        const ValueAndSlope<T> a = activate<kind>(z);
        TermAndSlope<T> found;
        if (matching)
            found = {term_from_z(cost.kind, z, y), a.value - y};
        else {
            found = cost_of(cost, unit, a.value, y);
            found.slope = found.slope * a.slope;
        }
        terms.add(found.term);
        rows.put(rows.made, unit, share * found.slope);
    }
    return terms.total();
}

// Calls `use` with rows of z, and of y where there are any, side by side, and the number of the first; what it made of
// them goes to `made`, row by row, with zeros in the filled-up columns.
template <class T, class Use>
inline void abreast(const T* z, const T* y, std::size_t stride, std::size_t rows, std::size_t units, T* made, T* room,
                    Use use) {
    constexpr std::size_t width = Vector<T>::width;
    const std::size_t filled = (units + width - 1) / width * width;
    const Abreast<T> turned{room, room + filled * width, room + 2 * filled * width, units};
    for (std::size_t unit = units; unit < filled; ++unit) turned.put(turned.made, unit, Vector<T>(T(0)));
    for (std::size_t row = 0; row < rows; row += width) {
        const std::size_t count = rows - row < width ? rows - row : width;
        transpose(z + row * stride, stride, count, units, turned.z, width);
        if (y) transpose(y + row * stride, stride, count, units, turned.y, width);
        use(turned, row);
        transpose(turned.made, width, filled, count, made + row * stride, stride);
    }
}

template <class T>
void activate_rows(Activation kind, const Groups& groups, T* z, std::size_t rows, std::size_t units, std::size_t stride,
                   T* room) {
    if (kind == Activation::softmax)
        return abreast(z, static_cast<const T*>(nullptr), stride, rows, units, z, room,
                       [&](const Abreast<T>& turned, std::size_t) {
                           each_group(turned, groups, [](const Abreast<T>& group) { softmax(group); });
                       });
    const std::size_t vectors = (units + Vector<T>::width - 1) / Vector<T>::width;
    with_activation(kind, [&]<Activation known>() {
        activate_block<known>(z, static_cast<T*>(nullptr), static_cast<const T*>(nullptr), stride, rows, vectors);
    });
}

template <class T>
void output_cost(const Answers<T>& answers, T* delta, T* costs, T* room) {
    const auto each = [&](auto cost_of_rows) {
        abreast(answers.z, answers.y, answers.stride, answers.rows, answers.units, delta, room,
                [&](const Abreast<T>& turned, std::size_t row) {
                    T lanes[Vector<T>::width] = {};  // the rows behind the last may be another thread's
                    const std::size_t left = answers.rows - row,
                                      count = left < Vector<T>::width ? left : Vector<T>::width;
                    for (std::size_t lane = 0; lane < count; ++lane) lanes[lane] = answers.shares[row + lane];
                    const Vector<T> share = Vector<T>::load(lanes);
                    (share * cost_of_rows(turned, share * Vector<T>(answers.scale))).store(lanes);
                    for (std::size_t lane = 0; lane < count; ++lane) costs[row + lane] = lanes[lane];
                });
    };
    using Turned = const Abreast<T>&;
    if (answers.output != Activation::softmax)
        with_activation(answers.output, [&]<Activation known>() {
            each([&](Turned rows, Vector<T> share) {
                return cost_unit_by_unit<known>(rows, share, answers.cost, answers.matching);
            });
        });
    else
        each([&](Turned rows, Vector<T> share) {
            Vector<T> sum(T(0));
            each_group(rows, answers.groups, [&](Turned group) {
                sum = sum + (answers.matching ? cross_entropy(group, share)
                                              : other_cost_of_softmax(group, share, answers.cost));
            });
            return sum;
        });
}

}  // namespace limpid::LIMPID_LEVEL
