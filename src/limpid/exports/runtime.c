What every exported network computes with: the engine's arithmetic without a vector, from native/core. `real`, `natural`
and the constants in capitals are made for the network's precision in front of it.

//: flushed
/* Numbers too small to be normal count as 0. */
static real flushed(real a) { return a > -LEAST_NORMAL && a < LEAST_NORMAL ? R(0.0) : a; }

//: series
/* A polynomial of x; the factor of its highest power is the first. */
static real series(const real *terms, int count, real x)
{
    real sum = terms[0];
    for (int k = 1; k < count; ++k) sum = sum * x + terms[k];
    return sum;
}

//: power_of_two
static real power_of_two(real n)
{
    const real shifted = n + TO_WHOLE, zero = TO_WHOLE;
    natural bits, of_zero;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&of_zero, &zero, sizeof of_zero);
    bits = (bits - of_zero + BIAS) << MANTISSA;
    real power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

//: powers needs series power_of_two
/* x = n ln 2 + r with a whole n. */
static real whole_of(real x)
{
    const real shifted = x * LOG2_E + TO_WHOLE;
    return shifted - TO_WHOLE;
}

/* e^r - 1. */
static real growth_of(real x, real n)
{
    const real r = n * -LN2_LOW + (n * -LN2_HIGH + x);
    static const real terms[] = EXP_TERMS;
    return series(terms, COUNT(terms), r) * (r * r) + r;
}

//: exp needs powers
static real exp_of(real x)
{
    if (x < LEAST) return R(0.0);
    if (x > MOST) return (real)INFINITY;
    const real n = whole_of(x);
    return (growth_of(x, n) + R(1.0)) * power_of_two(n - R(1.0)) * R(2.0);
}

//: expm1 needs powers
static real expm1_of(real x)
{
    if (x < R(-80.0)) x = R(-80.0);
    const real n = whole_of(x), half = power_of_two(n - R(1.0)), scale = half + half;
    return scale * growth_of(x, n) + (scale - R(1.0));
}

//: log1p needs series
/* log(1 + u) for u from 0 to 1. */
static real log1p_of(real u)
{
    const int near_one = u <= ROOT_OF_2;
    const real s = (near_one ? u : u - R(1.0)) / (near_one ? u + R(2.0) : u + R(3.0)), square = s * s;
    static const real terms[] = ATANH_TERMS;
    const real twice_atanh = series(terms, COUNT(terms), square) * square * s + (s + s);
    return twice_atanh + (near_one ? R(0.0) : LN2);
}

//: tanh needs expm1
static real tanh_of(real x)
{
    const real twice = R(2.0) * (x < 0 ? -x : x), grown = expm1_of(R(40.0) < twice ? R(40.0) : twice);
    const real value = grown / (grown + R(2.0));
    return x < 0 ? -value : value;
}

//: sigmoid needs exp
static real sigmoid_of(real z)
{
    const real decay = exp_of(z < 0 ? z : -z);
    return (z >= 0 ? R(1.0) : decay) / (R(1.0) + decay);
}

//: relu
static real relu_of(real z) { return z <= 0 ? R(0.0) : z; }

//: leaky_relu needs flushed
static real leaky_relu_of(real z) { return z <= 0 ? flushed(LEAK * z) : z; }

//: elu needs expm1
static real elu_of(real z) { return z <= 0 ? expm1_of(z) : z; }

//: selu needs expm1
static real selu_of(real z) { return z <= 0 ? SELU_BELOW * expm1_of(z) : SELU_SCALE * z; }

//: gelu needs tanh flushed
static real gelu_of(real z)
{
    real near_zero = z;
    if (near_zero < R(-10.0)) near_zero = R(-10.0);
    if (near_zero > R(10.0)) near_zero = R(10.0);
    const real inner = GELU_CUBIC * near_zero * near_zero * near_zero + near_zero;
    return flushed(flushed(R(0.5) * z) * (R(1.0) + tanh_of(GELU_ROOT * inner)));
}

//: silu needs sigmoid flushed
static real silu_of(real z) { return flushed(z * sigmoid_of(z)); }

//: softplus needs exp log1p
static real softplus_of(real z) { return (z <= 0 ? R(0.0) : z) + log1p_of(exp_of(z < 0 ? z : -z)); }

//: mish needs softplus tanh flushed
static real mish_of(real z) { return flushed(z * tanh_of(softplus_of(z))); }

//: sums needs flushed
/* z = x W + b: each sum is one chain in the order of the inputs. Where x[i] is as large as `plain`, neither a product of
   it with a weight nor a sum can be too small to be normal. */
static void sums(const real *x, int inputs, const real *W, const real *b, int units, real plain, real *z)
{
    memcpy(z, b, (size_t)units * sizeof *z);
    for (int i = 0; i < inputs; ++i, W += units) {
        const real a = x[i];
        if (a >= plain || a <= -plain)
            for (int j = 0; j < units; ++j) z[j] += a * W[j];
        else if (a != 0)
            for (int j = 0; j < units; ++j) z[j] = flushed(z[j] + flushed(a * W[j]));
    }
}

//: total needs flushed
/* A sum in parts of 32. */
static real total_of(const real *terms, int count)
{
    real total = 0, part = 0;
    for (int u = 0; u < count; ++u) {
        part = flushed(part + terms[u]);
        if (u % 32 == 31) {
            total = flushed(total + part);
            part = 0;
        }
    }
    return flushed(total + part);
}

//: softmax needs exp total flushed
static void softmax(real *z, int units)
{
    real largest = z[0];
    for (int u = 1; u < units; ++u)
        if (largest < z[u]) largest = z[u];
    for (int u = 0; u < units; ++u) z[u] = exp_of(z[u] - largest);
    const real total = total_of(z, units);
    for (int u = 0; u < units; ++u) z[u] = flushed(z[u] / total);
}

//: over_layer needs total flushed
/* Mean 0 and variance 1 over the units. */
static void over_layer(real *z, real *squares, int units)
{
    const real mean = flushed(total_of(z, units) / (real)units);
    for (int u = 0; u < units; ++u) {
        z[u] = flushed(z[u] - mean);
        squares[u] = flushed(z[u] * z[u]);
    }
    const real scale = R(1.0) / ROOT(flushed(total_of(squares, units) / (real)units) + EPSILON);
    for (int u = 0; u < units; ++u) z[u] = flushed(z[u] * scale);
}

//: over_batch needs flushed
/* Mean 0 and variance 1 by what was met in training. */
static void over_batch(real *z, const real *mean, const real *scale, int units)
{
    for (int u = 0; u < units; ++u) z[u] = flushed(flushed(z[u] - mean[u]) * scale[u]);
}

//: rescale needs flushed
static void rescale(real *z, const real *gamma, const real *beta, int units)
{
    for (int u = 0; u < units; ++u) z[u] = flushed(flushed(z[u] * gamma[u]) + beta[u]);
}

//: largest
static int largest(const real *outputs, int count)
{
    int best = 0;
    for (int u = 1; u < count; ++u)
        if (outputs[u] > outputs[best]) best = u;
    return best;
}

//: shares
/* The sum in the order that NumPy adds in: by eight chains, longer rows by halves. */
static real sum_of(const real *terms, int count)
{
    if (count > 128) {
        const int half = count / 2 - count / 2 % 8;
        return sum_of(terms, half) + sum_of(terms + half, count - half);
    }
    real chains[8] = {0}, sum = 0;
    const int whole = count < 8 ? 0 : count - count % 8;
    for (int u = 0; u < whole; ++u) chains[u % 8] += terms[u];
    if (whole)
        sum = (chains[0] + chains[1]) + (chains[2] + chains[3]) + ((chains[4] + chains[5]) + (chains[6] + chains[7]));
    for (int u = whole; u < count; ++u) sum += terms[u];
    return sum;
}

/* Independent probabilities of classes that exclude each other, by their sum. */
static void shares(real *outputs, int count)
{
    const real sum = sum_of(outputs, count);
    for (int u = 0; u < count; ++u) outputs[u] = sum > 0 ? outputs[u] / sum : R(1.0) / (real)count;
}

//: number
/* A number of a table's row, shifted, scaled and smoothly kept within +-3; 0 where it is missing. */
static void number(double value, double shift, double scale, int indicator, real *x)
{
    if (value == value) {
        double z = (value - shift) / scale;
        if (z < -FARTHEST) z = -FARTHEST;
        if (z > FARTHEST) z = FARTHEST;
        const double part = z / 3.0;
        x[0] = (real)(z / sqrt(1.0 + part * part));
    } else if (indicator) {
        x[1] = R(1.0);
    }
}

//: category
/* Where a text stands among sorted ones, -1 where it does not. */
static int place_of(const char *text, const char *const *texts, int count)
{
    int first = 0, end = count;
    while (first < end) {
        const int middle = first + (end - first) / 2, order = strcmp(text, texts[middle]);
        if (order == 0) return middle;
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return -1;
}

/* A text of a table's row: 1 at its category's place, at that of rare ones, or at that of a missing one; below 0 there
   is none. */
static void category(const char *text, const char *const *texts, const int *places, int count, int rare, int missing,
                     real *x)
{
    static const char *const none[] = NO_TEXT;
    int place = missing;
    if (text && place_of(text, none, COUNT(none)) < 0) {
        const int found = place_of(text, texts, count);
        place = found < 0 ? rare : places[found];
    }
    if (place >= 0) x[place] = R(1.0);
}

//: usable
/* Whether a number is one, or missing. */
static int usable(double value, double end) { return value != value || (value > -end && value < end); }

//: date needs number
static int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Month and day of the month, both counted from 0, of a day counted from 1970-01-01: eras of 400 years that begin in
   March, as Howard Hinnant describes them ("chrono-compatible low-level date algorithms", civil_from_days). */
static void month_and_day(int64_t days, int *month, int *day)
{
    const int64_t shifted = days + 719468, in_era = shifted - floor_of(shifted, 146097) * 146097;
    const int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * year + year / 4 - year / 100), from_march = (5 * in_year + 2) / 153;
    *month = (int)(from_march < 10 ? from_march + 2 : from_march - 10);
    *day = (int)(in_year - (153 * from_march + 2) / 5);
}

/* Sine and cosine of a part of a date. */
static void circle(const double *sines, const double *cosines, int64_t step, real *x)
{
    x[0] = (real)sines[step];
    x[1] = (real)cosines[step];
}

/* A date of a table's row, in seconds since 1970-01-01: the day as a number, month, day of the month, weekday and, where
   `times`, the hour as places on circles. */
static void date(double seconds, double shift, double scale, int times, int indicator, real *x)
{
    if (seconds != seconds) {
        if (indicator) x[times ? 9 : 7] = R(1.0);
        return;
    }
    const double micro = seconds * 1e6, rest = micro - (double)(int64_t)micro;
    const int64_t moment = (int64_t)micro + (rest >= 0.5) - (rest <= -0.5);
    const int64_t days = floor_of(moment, INT64_C(86400000000));
    int month, day;
    month_and_day(days, &month, &day);
    number((double)moment / 86400000000.0, shift, scale, 0, x);
    circle(MONTH_SINES, MONTH_COSINES, month, x + 1);
    circle(DAY_SINES, DAY_COSINES, day, x + 3);
    circle(WEEKDAY_SINES, WEEKDAY_COSINES, days + 3 - floor_of(days + 3, 7) * 7, x + 5);
    if (times)
        circle(HOUR_SINES, HOUR_COSINES, floor_of(moment, INT64_C(3600000000)) - days * 24, x + 7);
}
