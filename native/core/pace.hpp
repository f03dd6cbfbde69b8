// Whether several threads are worth it, found out while they work: cores may lie far apart, be busy with another
// program or be halves of one, and no count of multiplications tells.
#pragma once

#include <array>

namespace limpid {

// Says for each step whether all threads shall make it together or one of them alone, by what steps took. Both are
// tried now and then for a moment, the more seldom the longer one stays the better, and again where that one slows
// down. Long steps are all made together: what threads lose by meeting is little beside them, and to try would take
// long.
class Pace {
   public:
    bool together() const { return together_; }
    // Hear how many seconds the step just made took; all that are told of must have equally many rows.
    void heard(double seconds);

   private:
    void tried(double seconds_a_step);
    void change();

    static constexpr double a_trial = 2e-3, a_while = 1e-2;          // seconds that are looked at together
    static constexpr double least_stay = 1e-1, longest_stay = 2;     // seconds
    static constexpr double longest_step = 2e-2, fewest_steps = 64;  // that are tried; from trial to trial
    static constexpr double slower = 1.8;                            // which is not chance
    static constexpr double worth = 1.1;  // what together may take: to be wrong there costs less

    bool together_ = true, fresh_ = true;     // the first step after a change pays for it
    int to_try_ = 0;                          // in the round under way: the other way, then the one that was the better
    double seconds_ = 0, steps_ = 0;          // of what is looked at
    double stay_ = 0, left_ = least_stay;     // from round to round; until the next one
    std::array<double, 2> a_step_{1e9, 1e9};  // seconds that one took alone, and together, last
};

}  // namespace limpid
