// Each cost of one level: known values, the slope against central differences, and the matching short cut.
#include "check.hpp"
#include "core/costs.hpp"

using namespace limpid;
using namespace limpid::LIMPID_LEVEL;
using V = Vector<double>;

static double term(const Cost& cost, double a, double y, std::size_t unit = 7) {
    return cost_of(cost.view(), unit, V(a), V(y)).term.lanes[0];
}
static double slope(const Cost& cost, double a, double y) { return cost_of(cost.view(), 7, V(a), V(y)).slope.lanes[0]; }

int main() {
    if (!runs_here()) return 0;
    const Cost costs[] = {{CostKind::squared_error},   {CostKind::absolute_error}, {CostKind::huber, {0.3}},
                          {CostKind::quantile, {0.9}}, {CostKind::poisson},        {CostKind::binary_cross_entropy}};
    for (const Cost& cost : costs)
        for (const double a : {0.1, 0.35, 0.8, 0.95})
            for (const double y : {0.0, 0.2, 0.7, 1.0}) {
                const double numeric = (term(cost, a + 1e-6, y) - term(cost, a - 1e-6, y)) / 2e-6;
                check_close(slope(cost, a, y), numeric, 1e-8, "slope");
                CHECK(term(cost, a, y) > 0);
            }
    check_close(term({CostKind::squared_error}, 3, 1), 2, 0, "squared error");
    check_close(term({CostKind::absolute_error}, 3, 1), 2, 0, "absolute error");
    check_close(term({CostKind::huber, {1}}, 3, 1), 1.5, 1e-15, "huber");
    check_close(term({CostKind::quantile, {0.9}}, 3, 1), 0.2, 1e-15, "quantile");
    check_close(term({CostKind::quantile, {0.9, 0.5}}, 3, 1, 0), 0.2, 1e-15, "the first of two levels");
    check_close(term({CostKind::quantile, {0.9, 0.5}}, 3, 1, 1), 1, 1e-15, "the second of two levels");
    check_close(term({CostKind::poisson}, 3, 1), 2 - std::log(3), 1e-15, "poisson");
    CHECK(slope({CostKind::absolute_error}, 1, 1) == 0 && slope({CostKind::quantile, {0.9}}, 1, 1) == 0);
    CHECK(term({CostKind::cross_entropy}, 0.5, 1) == 0);  // only its short cut is ever used
    for (const double z : {-60.0, -2.0, 0.0, 0.5, 60.0})
        for (const double y : {0.0, 0.3, 1.0}) {
            const auto from_z = [&](CostKind kind) { return term_from_z(kind, V(z), V(y)).lanes[0]; };
            check_close(from_z(CostKind::squared_error), 0.5 * (z - y) * (z - y), 1e-15, "from z");
            const double binary = std::max(z, 0.0) - z * y + std::log1p(std::exp(-std::abs(z)));
            check_close(from_z(CostKind::binary_cross_entropy), binary, 1e-14, "from z");
            const double counts = (y > 0 ? y * std::log(y) : 0) - y * z + std::exp(z) - y;
            check_close(from_z(CostKind::poisson), counts, 1e-14, "from z");
        }
    return 0;
}
