#include "core/pace.hpp"

#include <algorithm>
#include <utility>

namespace limpid {

void Pace::heard(double seconds) {
    if (std::exchange(fresh_, false)) return;
    seconds_ += seconds, ++steps_;
    if (seconds_ < (to_try_ ? a_trial : a_while)) return;
    const double spent = std::exchange(seconds_, 0), took = spent / std::exchange(steps_, 0);
    if (to_try_) return tried(took);
    if (took > longest_step) return together_ ? void() : change();
    left_ -= spent;
    if (took > slower * a_step_[together_]) left_ = stay_ = 0;
    if (left_ > 0) return;
    a_step_[together_] = took, to_try_ = 2;
    change();
}

void Pace::tried(double seconds_a_step) {
    if (--to_try_) {
        a_step_[together_] = seconds_a_step;
        return change();
    }
    a_step_[together_] = std::min(a_step_[together_], seconds_a_step);  // what others took is no reason to change
    const bool better = a_step_[true] <= worth * a_step_[false];
    const double least = std::max(least_stay, fewest_steps * seconds_a_step);
    stay_ = better == together_ ? std::clamp(2 * stay_, least, std::max(longest_stay, least)) : least;
    left_ = stay_;
    if (better != together_) change();
}

void Pace::change() { together_ = !together_, fresh_ = true; }

}  // namespace limpid
