// The elementary functions of one level against long double: the errors that elementary.hpp states, over the range.
#include <cmath>
#include <cstring>
#include <random>

#include "check.hpp"
#include "core/elementary.hpp"

using namespace limpid::LIMPID_LEVEL;

// Units in the last place between `got` and the exact value.
template <class T>
static double ulps(T got, long double exact) {
    const T nearest = static_cast<T>(exact);
    if (std::isnan(got) || std::isinf(got) || std::isinf(nearest)) return got == nearest ? 0 : 1e9;
    const long double unit = std::nextafter(std::abs(nearest), std::numeric_limits<T>::infinity()) - std::abs(nearest);
    return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}

template <class T, class Ours, class Exact>
static void check_error(const char* name, T low, T high, double allowed, Ours ours, Exact exact) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<T> draw(low, high);
    double worst = 0;
    for (int turn = 0; turn < 200000; ++turn) {
        T x[Vector<T>::width];
        for (T& each : x) each = turn % 4 ? draw(random) : static_cast<T>(draw(random) * std::exp2(-(turn % 32)));
        T got[Vector<T>::width];
        ours(Vector<T>::load(x)).store(got);
        for (std::size_t lane = 0; lane < Vector<T>::width; ++lane) {
            if (x[lane] < low || x[lane] > high) continue;
            worst = std::max(worst, ulps(got[lane], exact(static_cast<long double>(x[lane]))));
        }
    }
    std::printf("%s<%zu bytes>: %.2f ulp\n", name, sizeof(T), worst);
    CHECK(worst <= allowed);
}

template <class T>
static void check_all() {
    using V = Vector<T>;
    using limpid::LIMPID_LEVEL::exp, limpid::LIMPID_LEVEL::expm1, limpid::LIMPID_LEVEL::log;
    using limpid::LIMPID_LEVEL::log1p, limpid::LIMPID_LEVEL::tanh;
    const auto with = [](auto function) { return function; };
    const T most = Series<T>::most;
    check_error<T>("exp", Series<T>::least + T(0.1), most, 1.5, with([](V x) { return exp(x); }), expl);
    check_error<T>("exp near 0", T(-1), T(1), 1.5, with([](V x) { return exp(x); }), expl);
    check_error<T>("expm1", T(-80), T(80), 2.5, with([](V x) { return expm1(x); }), expm1l);
    check_error<T>("expm1 near 0", T(-1), T(1), 2.5, with([](V x) { return expm1(x); }), expm1l);
    const T smallest = std::numeric_limits<T>::min(), largest = std::numeric_limits<T>::max();
    check_error<T>("log", smallest, largest, 2.5, with([](V x) { return log(x); }), logl);
    check_error<T>("log near 1", T(0.25), T(4), 2.5, with([](V x) { return log(x); }), logl);
    check_error<T>("log1p", T(0), T(1), 2.5, with([](V x) { return log1p(x); }), log1pl);
    check_error<T>("tanh", T(-30), T(30), 3, with([](V x) { return tanh(x); }), tanhl);
    check_error<T>("tanh near 0", T(-1), T(1), 3, with([](V x) { return tanh(x); }), tanhl);

    const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const auto first = [](V vector) { return vector.lanes[0]; };
    CHECK(first(exp(V(-infinity))) == 0 && first(exp(V(infinity))) == infinity && std::isnan(first(exp(V(nan)))));
    CHECK(first(exp(V(T(1e5)))) == infinity && first(exp(V(T(-1e5)))) == 0 && first(exp(V(T(0)))) == 1);
    CHECK(first(expm1(V(-infinity))) == -1 && first(expm1(V(T(0)))) == 0);
    CHECK(first(log(V(T(0)))) == -infinity && std::isnan(first(log(V(T(-1))))) && first(log(V(T(1)))) == 0);
    CHECK(first(log(V(infinity))) == infinity && std::isnan(first(log(V(nan)))));
    CHECK(first(tanh(V(infinity))) == 1 && first(tanh(V(-infinity))) == -1 && std::isnan(first(tanh(V(nan)))));
    CHECK(first(sign(V(T(-3)))) == -1 && first(sign(V(T(0)))) == 0 && first(sign(V(T(2)))) == 1);
    CHECK(std::isnan(first(max(V(nan), V(T(1))))) && first(min(V(T(2)), V(T(1)))) == 1);
    CHECK(first(limpid::LIMPID_LEVEL::sqrt(V(T(9)))) == 3 && first(limpid::LIMPID_LEVEL::abs(V(T(-2)))) == 2);
}

int main() {
    if (!runs_here()) return 0;
    check_all<float>();
    check_all<double>();
    return 0;
}
