// Each activation of one level: known values, and the slope against central differences.
#include "check.hpp"
#include "core/activations.hpp"

using namespace limpid;
using namespace limpid::LIMPID_LEVEL;

static double logistic(double z) { return 1 / (1 + std::exp(-z)); }

// f(z) in the C library's arithmetic.
static double plain(Activation kind, double z) {
    switch (kind) {
        case Activation::sigmoid:
            return logistic(z);
        case Activation::tanh:
            return std::tanh(z);
        case Activation::relu:
            return z > 0 ? z : 0;
        case Activation::leaky_relu:
            return z > 0 ? z : 0.01 * z;
        case Activation::elu:
            return z > 0 ? z : std::expm1(z);
        case Activation::selu:
            return 1.0507009873554804934 * (z > 0 ? z : 1.6732632423543772848 * std::expm1(z));
        case Activation::gelu:
            return 0.5 * z * (1 + std::tanh(0.7978845608028654 * (z + 0.044715 * z * z * z)));
        case Activation::silu:
            return z * logistic(z);
        case Activation::softplus:
            return std::log1p(std::exp(-std::abs(z))) + (z > 0 ? z : 0);
        case Activation::mish:
            return z * std::tanh(plain(Activation::softplus, z));
        case Activation::exp:
            return std::exp(z);
        default:
            return z;
    }
}

template <class T>
static void check_activation(Activation kind, double allowed) {
    constexpr std::size_t width = Vector<T>::width;
    const double step = 1e-6;
    for (double z = -20.03; z < 20; z += 0.173) {
        with_activation(kind, [&]<Activation known>() {
            T a[width], slope[width], mask[width];
            for (std::size_t lane = 0; lane < width; ++lane) a[lane] = T(z), mask[lane] = T(lane == 0 ? 2 : 0);
            const double at = static_cast<double>(a[0]);
            activate_block<known>(a, slope, static_cast<const T*>(nullptr), width, 1, 1);
            check_close(static_cast<double>(a[width - 1]), plain(kind, at), allowed, "value");
            const double wanted = (plain(kind, at + step) - plain(kind, at - step)) / (2 * step);
            check_close(static_cast<double>(slope[0]), wanted, allowed + 1e-8 * std::abs(plain(kind, at)), "slope");
            T masked[width], masked_slope[width];
            for (T& each : masked) each = T(at);
            activate_block<known>(masked, masked_slope, mask, width, 1, 1);
            CHECK(masked[0] == 2 * a[0] && masked_slope[0] == 2 * slope[0]);
            CHECK(masked[width - 1] == 0 && masked_slope[width - 1] == 0);
        });
    }
    with_activation(kind, [&]<Activation known>() {
        T nan[width];
        for (T& each : nan) each = std::numeric_limits<T>::quiet_NaN();
        activate_block<known>(nan, static_cast<T*>(nullptr), static_cast<const T*>(nullptr), width, 1, 1);
        CHECK(std::isnan(nan[0]));
    });
}

int main() {
    if (!runs_here()) return 0;
    for (std::size_t kind = 0; kind < activation_names.size(); ++kind) {
        check_activation<double>(static_cast<Activation>(kind), 1e-8);
        check_activation<float>(static_cast<Activation>(kind), 2e-6);
    }
    return 0;
}
