#include "core/pace.hpp"

#include <algorithm>
#include <utility>

namespace limpid {

void Pace::heard(double seconds, std::size_t rows) {
    if (std::exchange(fresh_, false)) return;
    seconds_ += seconds, rows_ += static_cast<double>(rows);
    if (seconds_ < (to_try_ ? a_trial : a_while)) return;
    const double spent = std::exchange(seconds_, 0), took = spent / std::exchange(rows_, 0);
    if (to_try_) return tried(took, seconds);
    if (seconds > longest_step) return;
    left_ -= spent;
    if (took > slower * a_row_[together_]) left_ = stay_ = 0;
    if (left_ > 0) return;
    a_row_[together_] = took, to_try_ = 2;
    change();
}

void Pace::tried(double seconds_a_row, double seconds_a_step) {
    if (--to_try_) {
        a_row_[together_] = seconds_a_row;
        return change();
    }
    a_row_[together_] = std::min(a_row_[together_], seconds_a_row);  // what others took is no reason to change
    const bool better = a_row_[true] <= worth * a_row_[false];
    const double least = std::max(least_stay, fewest_steps * seconds_a_step);
    stay_ = better == together_ ? std::clamp(2 * stay_, least, std::max(longest_stay, least)) : least;
    left_ = stay_;
    if (better != together_) change();
}

void Pace::change() { together_ = !together_, fresh_ = true; }

}  // namespace limpid
