#include "core/targets.hpp"

#include <algorithm>
#include <cstring>

namespace limpid {
namespace {

// Of a few numbers, without a call.
template <class T>
void copy_few(const T* from, std::size_t count, T* to) {
    for (; count >= 4; count -= 4, from += 4, to += 4) std::memcpy(to, from, 4 * sizeof(T));
    if (count & 2) std::memcpy(to, from, 2 * sizeof(T)), from += 2, to += 2;
    if (count & 1) *to = *from;
}

}  // namespace

template <class T>
TargetBatch<T>::TargetBatch(const Network& network, const Examples<T>& examples, std::size_t capacity,
                            double label_smoothing)
    : examples_(examples),
      outputs_(network.outputs()),
      stride_(stride_of<T>(outputs_)),
      sharper_(static_cast<T>(1 - label_smoothing)) {
    if (label_smoothing > 0) {
        const bool yes_or_no = network.cost.kind == CostKind::binary_cross_entropy;
        even_.assign(outputs_, static_cast<T>(label_smoothing / (yes_or_no ? 2 : static_cast<double>(outputs_))));
        auto output = even_.begin();
        for (const std::size_t size : network.group_sizes)
            output = std::fill_n(output, size, static_cast<T>(label_smoothing / static_cast<double>(size)));
    }
    y_ = Buffer<T>(capacity * stride_), shares_ = Buffer<T>(capacity);
}

template <class T>
double TargetBatch<T>::weigh(const Choice& choice) const {
    if (!examples_.weights) return static_cast<double>(choice.count);
    double total = 0;
    for (std::size_t row = 0; row < choice.count; ++row) total += static_cast<double>(examples_.weights[choice[row]]);
    return total != 0 ? total : 1;
}

template <class T>
void TargetBatch<T>::gather(const Choice& choice, Range rows, double total) {
    const T of_each = T(1) / static_cast<T>(total);
    for (std::size_t row = rows.first; row < rows.first + rows.count; ++row) {
        const std::size_t from = choice[row], ahead = row + rows_ahead;
        if (ahead < choice.known) fetch(examples_.Y + choice[ahead] * outputs_, outputs_ * sizeof(T));
        const T* y = examples_.Y + from * outputs_;
        T* to = y_.get() + row * stride_;
        if (even_.empty())
            copy_few(y, outputs_, to);
        else
            std::transform(y, y + outputs_, even_.begin(), to,
                           [this](T target, T even) { return sharper_ * target + even; });
        shares_.get()[row] = examples_.weights ? examples_.weights[from] / static_cast<T>(total) : of_each;
    }
}

template class TargetBatch<float>;
template class TargetBatch<double>;

}  // namespace limpid
