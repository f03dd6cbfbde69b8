// Sweeps: the parts that members share are all there is to do, each once; and no bit depends on how many share them.
#include <mutex>
#include <set>

#include "core/sweep.hpp"
#include "cores.hpp"
#include "lessons.hpp"

using namespace limpid;

namespace {

void check_worth() {
    CHECK(worthwhile_threads(0, 0) == 1 && worthwhile_threads(1, 8) == 1);
    CHECK(worthwhile_threads(1e30, 0) == allowed_threads());
    CHECK(worthwhile_threads(1e30, 1) == 1 &&
          worthwhile_threads(1e30, 3) == std::min<std::size_t>(3, allowed_threads()));
    for (double work = 1; work < 1e12; work *= 2) CHECK(worthwhile_threads(work, 0) <= worthwhile_threads(2 * work, 0));
}

template <class T>
Sweep<T> sweep_of(const Lesson<T>& lesson, const Inputs<T>& X, SimdLevel level, std::size_t threads) {
    return Sweep<T>(lesson.net, lesson.examples(X), lesson.rows, 0, false, false, level, threads);
}

template <class T>
void check_parts(const Lesson<T>& lesson, const Inputs<T>& X, std::size_t threads) {
    auto sweep = sweep_of(lesson, X, SimdLevel::baseline, threads);
    Crew crew(sweep.members());
    std::vector<std::vector<int>> named;
    for (const Layer& layer : lesson.net.layers) named.emplace_back(layer.weight_rows());
    std::set<std::pair<std::size_t, std::size_t>> starts;
    std::mutex alone;
    sweep.each_part(crew, [&](std::size_t layer, Range inputs, std::size_t member) {
        const std::lock_guard lock(alone);
        CHECK(member < crew.members() && inputs.count > 0);
        starts.emplace(layer, inputs.first);
        for (std::size_t input = inputs.first; input < inputs.first + inputs.count; ++input) ++named[layer][input];
    });
    for (const auto& layer : named)
        for (const int times : layer) CHECK(times == 1);
    for (std::size_t layer = 0; layer < named.size(); ++layer) CHECK(starts.contains({layer, 0}));  // its biases' turn
#if defined(LIMPID_CORES)
    CHECK(sweep.members() == threads);
#endif
    if (sweep.members() > 1) CHECK(starts.size() > named.size());
}

// Cost, blame, slopes of weights and biases, squares, and parameters after a step.
template <class T>
std::vector<double> found(const Lesson<T>& lesson, const Inputs<T>& X, SimdLevel level, std::size_t threads) {
    auto sweep = sweep_of(lesson, X, level, threads);
    Crew crew(sweep.members());
    const Choice choice{nullptr, 0, lesson.rows, lesson.rows};
    Arrays<T> slopes(lesson.net);
    State<T> state = lesson.state({});
    sweep.prepare(crew, Arrays<T>(lesson.net));  // the last ones count
    sweep.prepare(crew, state.parameters);
    std::vector<double> made{sweep.there_and_back(crew, choice, sweep.weigh(choice), {})};
    const StepNumbers<T> numbers = step_numbers<T>({}, 0.1, 1, 0);
    sweep.each_part(crew, [&](std::size_t layer, Range inputs, std::size_t member) {
        const auto &own = slopes.layers[layer], &moved = state.parameters.layers[layer];
        sweep.accumulate(layer, inputs, own.W.get() + inputs.first * own.stride, true, member);
        if (inputs.first == 0) sweep.sum_slopes(layer, own, true);
        sweep.descend(layer, inputs, nullptr, numbers,
                      {moved.W.get() + inputs.first * moved.stride, nullptr, nullptr, moved.stride}, member);
    });
    made.push_back(sweep.sum_of_squares(crew, slopes, true));
    made.push_back(sweep.sum_of_squares(crew, slopes, false));
    for (const Arrays<T>* each : {&slopes, &state.parameters}) {
        const std::vector<double> numbers_of = flat(*each);
        made.insert(made.end(), numbers_of.begin(), numbers_of.end());
    }
    return made;
}

// Squares of single numbers, and slopes that a step has followed.
template <class T>
void check_found(const Lesson<T>& lesson, const std::vector<double>& numbers) {
    const std::vector<double> before = flat(lesson.start);
    const double *slopes = numbers.data() + 3, *after = slopes + before.size();
    double all = 0;
    for (std::size_t at = 0; at < before.size(); ++at) all += slopes[at] * slopes[at];
    check_close(numbers[1], all, 1e-4, "squares with biases");
    CHECK(numbers[2] < numbers[1] && numbers[2] > 0);
    std::size_t at = 0;
    for (const Layer& layer : lesson.net.layers) {
        for (const std::size_t end = at + layer.weight_rows() * layer.weight_columns(); at < end; ++at)
            check_close(after[at], before[at] - 0.1 * slopes[at], 1e-6, "a step along the slope");
        if (layer.embeds()) continue;  // all of it
        at += layer.units * (layer.arrays().size() - 1);
    }
}

template <class T>
void check_bits(const Lesson<T>& lesson) {
    for (const SimdLevel level : levels_here()) {
        const std::vector<double> wanted = found(lesson, lesson.X.plain(), level, 1);
        check_found(lesson, wanted);
        for (const std::size_t threads : {2, 3, 4}) CHECK(found(lesson, lesson.X.plain(), level, threads) == wanted);
        std::size_t threads = 0;
        for (const auto& form : lesson.X.all()) CHECK(found(lesson, form.X, level, threads++ % 4 + 1) == wanted);
    }
}

template <class T>
void check_all() {
    const std::vector<std::size_t> widths = {130, 130, 130, 10};
    const Lesson<T> narrow(classifier({700, 20, 4}), 120, 8), spread(classifier({701, 150, 4}), 120, 4),
        even(classifier(widths), 50), by_running(normalized(classifier(widths), Normalization::batch), 50),
        by_layer(normalized(classifier(widths), Normalization::layer), 50);
    const std::vector<Embedding::Column> columns = {{3, 40}, {60, 1}, {61, 70}};
    const Lesson<T> embeds(embedded(classifier({160, 130, 10}), 151, columns, 40), 50, 2);
    for (const Lesson<T>* lesson : {&narrow, &spread, &even, &by_running, &by_layer, &embeds}) {
        check_bits(*lesson);
        for (const std::size_t threads : {1, 2, 3, 4})
            for (const auto& form : lesson->X.all()) check_parts(*lesson, form.X, threads);
    }
}

}  // namespace

int main() {
    check_worth();
    check_all<float>();
    check_all<double>();
    return 0;
}
