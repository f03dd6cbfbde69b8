// All threads or one alone, whichever is quicker, and little time lost to find out: on a clock that only counts.
#include "check.hpp"
#include "core/pace.hpp"

using namespace limpid;

namespace {

struct Steps {
    double alone, together;  // seconds a step
    double slept = 0;        // more for the first step after a change

    Pace pace = {};
    bool before = true;

    // How long so many seconds' worth of the better's steps took, as a multiple.
    double follow(double seconds) {
        const double better = alone < together ? alone : together;
        double spent = 0;
        const auto count = static_cast<std::size_t>(seconds / better);
        for (std::size_t step = 0; step < count; ++step) {
            const bool now = pace.together();
            const double took = (now ? together : alone) + (now == before ? 0 : slept);
            spent += took, before = now;
            pace.heard(took);
        }
        return spent / (static_cast<double>(count) * better);
    }
};

}  // namespace

int main() {
    // whoever is quicker is found within moments, and kept
    for (const double step : {1e-5, 2e-4, 2e-3}) {
        for (const double faster : {0.3, 0.8, 1.2, 4.0}) {
            Steps steps{step, step / faster, 5e-5};
            steps.follow(0.2);
            CHECK(steps.follow(10) < 1.03);
            CHECK(steps.pace.together() == (faster > 1));
        }
        // and found again when cores come to be far apart, or near
        Steps steps{step, step / 1.8, 5e-5};
        steps.follow(10);
        steps.together = 2 * step;
        CHECK(steps.follow(0.5) < 1.1 && !steps.pace.together());
        steps.together = step / 1.8;
        steps.follow(3);
        CHECK(steps.follow(1) < 1.03 && steps.pace.together());
        // or when all slows down alike
        steps.alone *= 3, steps.together *= 3;
        CHECK(steps.follow(1) < 1.1 && steps.pace.together());
    }
    // long steps are made by all
    Steps slow{0.2, 0.1};
    CHECK(slow.follow(10) < 1.0001 && slow.pace.together());
    Steps some{0.021, 0.011};
    CHECK(some.follow(20) < 1.02 && some.pace.together());
    // also where one thread, which was the quicker, comes to take long
    Steps alone{0.01, 0.015};
    alone.follow(5);
    CHECK(!alone.pace.together());
    alone.alone = 0.03;
    CHECK(alone.follow(5) < 1.1 && alone.pace.together());
    return 0;
}
