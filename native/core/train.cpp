#include "core/train.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

// Measured: weights that change hands from thread to thread while each goes on with rows of its own, rather than the
// rows' activations, which with more weights are less.
constexpr std::size_t most_weights_in_turn = std::size_t{1} << 12;
constexpr std::size_t most_rows_a_turn = 128, rows_together = 16;
static_assert(rows_at_once % most_rows_a_turn == 0);

std::size_t members_in_turn(const Network& network, std::size_t rows, std::size_t threads) {
    const std::size_t weights = count_weights(network);
    if (weights > most_weights_in_turn) return 1;
    return worthwhile_threads(static_cast<double>(rows) * static_cast<double>(weights), threads);
}

std::size_t rows_a_turn(std::size_t rows, std::size_t members) {
    if (members == 1) return 0;
    const std::size_t each = (rows + members - 1) / members;
    return std::min(most_rows_a_turn, (each + rows_together - 1) / rows_together * rows_together);
}

}  // namespace

template <class T>
Descent<T>::Descent(Network network, const StepRule& rule, const Examples<T>& examples, State<T> start, SimdLevel level,
                    std::size_t threads)
    : state(std::move(start)),
      network_(std::move(network)),
      rule_(rule),
      members_(members_in_turn(network_, rule_.batch_size, threads)),
      rows_a_turn_(rows_a_turn(rule_.batch_size, members_)),
      slopes_(network_, rule_.batch_size > rows_at_once || rows_a_turn_ || std::isfinite(rule_.clip_norm)) {
    Examples<T> kept = examples;
    const std::size_t inputs = network_.inputs(), units = network_.layers[0].units;
    // rows that are rounded go through faster as they are
    if (level <= SimdLevel::avx512 && leaving_out_pays(kept.X, kept.rows, inputs, units, false))
        kept.X = compressed_.emplace(kept.X, kept.rows, inputs).view();
    const std::size_t rows = rows_a_turn_ ? rows_a_turn_ : rule_.batch_size;
    for (std::size_t member = 0; member < members_; ++member)
        sweeps_.push_back(std::make_unique<Sweep<T>>(network_, kept, rows, rule_.label_smoothing, rule_.dropout > 0,
                                                     false, level, rows_a_turn_ ? 1 : threads));
    if (rows_a_turn_) turns_ = std::make_unique<Turns>(sweeps_[0]->pieces().size());
}

template <class T>
void Descent<T>::train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps,
                       BatchCost* costs) {
    const FlushToZero flush;
    const std::size_t wanted = rows_a_turn_ ? members_ : sweeps_[0]->members();
    Crew crew(std::min(wanted, allowed_threads()));
    if (!rows_a_turn_) sweeps_[0]->prepare(crew, state.parameters);
    for (std::size_t number = 0; number < steps; ++number) {
        const std::size_t first = number * rule_.batch_size, left = count - first;
        costs[number] = step(crew, {order, first, std::min(rule_.batch_size, left), left}, rates[number]);
    }
}

template <class T>
BatchCost Descent<T>::step(Crew& crew, const Choice& batch, double rate) {
    const double total = sweeps_[0]->weigh(batch), l2 = rule_.l2 / total;
    BatchCost found{0, l2 != 0 ? 0.5 * l2 * sum_of_squares(crew, state.parameters, false) : 0};
    const StepNumbers<T> of_weights = step_numbers<T>(rule_.optimizer, rate, state.step + 1, l2);
    const Numbers numbers{of_weights, of_biases(of_weights)};
    found.cost = rows_a_turn_ ? in_turn(crew, batch, total, numbers) : together(crew, batch, total, numbers);
    if (std::isfinite(rule_.clip_norm)) descend_clipped(crew, numbers, l2);
    ++state.step;
    return found;
}

// Few weights are not worth several threads.
template <class T>
double Descent<T>::sum_of_squares(Crew& crew, const Arrays<T>& arrays, bool biases) {
    Crew alone(1);
    return sweeps_[0]->sum_of_squares(rows_a_turn_ ? alone : crew, arrays, biases);
}

template <class T>
double Descent<T>::together(Crew& crew, const Choice& batch, double total, const Numbers& numbers) {
    Sweep<T>& sweep = *sweeps_[0];
    double cost = 0;
    for (std::size_t first = 0; first < batch.count; first += rows_at_once) {
        const Choice rows = batch.some({first, rows_at_once});
        sweep.there_and_back(crew, rows, total, {rule_.dropout, rule_.seed, state.step, first});
        cost += sweep.cost(0);
        const Which which{first == 0, first + rows.count == batch.count};
        sweep.each_part(crew, [&](std::size_t layer, Range inputs, std::size_t member) {
            use_slopes(sweep, layer, inputs, which, numbers, member);
        });
    }
    return cost;
}

template <class T>
double Descent<T>::in_turn(Crew& crew, const Choice& batch, double total, const Numbers& numbers) {
    double cost = 0, of_part = 0;  // added up as if they had worked together
    turns_->begin();
    const auto work = [&](Sweep<T>& sweep) {
        Crew alone(1);
        bool prepared = false;
        for (std::size_t turn; (turn = turns_->next()) * rows_a_turn_ < batch.count;) {
            if (!std::exchange(prepared, true)) sweep.prepare(alone, state.parameters);  // none moves before this turn
            const std::size_t first = turn * rows_a_turn_;
            const Choice rows = batch.some({first, rows_a_turn_});
            const Which which{first == 0, first + rows.count == batch.count};
            sweep.there_and_back(alone, rows, total, {rule_.dropout, rule_.seed, state.step, first});
            for (std::size_t piece = 0; piece < sweep.pieces().size(); ++piece)
                turns_->take(piece, turn, [&] {
                    const auto& [layer, inputs] = sweep.pieces()[piece];
                    use_slopes(sweep, layer, inputs, which, numbers, 0);
                    if (piece) return;
                    if (first % rows_at_once == 0) cost += std::exchange(of_part, 0);
                    of_part = sweep.cost(of_part);
                });
        }
    };
    crew.share(crew.members(), [&](std::size_t, std::size_t member) {
        try {
            work(*sweeps_[member]);
        } catch (...) {
            turns_->fail();
            throw;
        }
    });
    return cost + of_part;
}

template <class T>
void Descent<T>::use_slopes(Sweep<T>& sweep, std::size_t layer, Range inputs, Which rows, const Numbers& numbers,
                            std::size_t member) {
    if (rows.last && !std::isfinite(rule_.clip_norm))
        descend(sweep, layer, inputs, rows.first, numbers, member);
    else
        accumulate(sweep, layer, inputs, rows.first);
}

// The last rows' slopes join those of the rows before, and the step is made while they are in registers.
template <class T>
void Descent<T>::descend(Sweep<T>& sweep, std::size_t layer, Range inputs, bool fresh, const Numbers& numbers,
                         std::size_t member) {
    const auto& slopes = slopes_.layers[layer];
    const std::size_t from = inputs.first * slopes.stride;
    sweep.descend(layer, inputs, fresh ? nullptr : slopes.W.get() + from, numbers.weights,
                  movable(layer, &Arrays<T>::OfLayer::W, from), member);
    if (!rows_a_turn_) sweep.prepare(state.parameters, layer, inputs);
    if (inputs.first) return;
    sweep.sum_delta(layer, slopes.b.get(), fresh);
    sweep.kernels().step(numbers.biases, movable(layer, &Arrays<T>::OfLayer::b), slopes.b.get(), T(1), 1, slopes.units);
}

template <class T>
void Descent<T>::accumulate(const Sweep<T>& sweep, std::size_t layer, Range inputs, bool fresh) {
    const auto& slopes = slopes_.layers[layer];
    sweep.accumulate(layer, inputs, slopes.W.get() + inputs.first * slopes.stride, fresh);
    if (inputs.first == 0) sweep.sum_delta(layer, slopes.b.get(), fresh);
}

// All slopes are shortened together so that their norm is at most the rule's (Pascanu et al. 2013), then followed.
template <class T>
void Descent<T>::descend_clipped(Crew& crew, Numbers numbers, double l2) {
    Sweep<T>& sweep = *sweeps_[0];
    if (l2 != 0) slopes_.add_weights(static_cast<T>(l2), state.parameters);
    numbers.weights.l2 = 0;  // it is in the slopes already
    const double norm = std::sqrt(sum_of_squares(crew, slopes_, true));
    const T scale = norm > rule_.clip_norm ? static_cast<T>(rule_.clip_norm / norm) : T(1);
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
        const auto& slopes = slopes_.layers[layer];
        sweep.kernels().step(numbers.weights, movable(layer, &Arrays<T>::OfLayer::W), slopes.W.get(), scale,
                             slopes.inputs, slopes.units);
        sweep.kernels().step(numbers.biases, movable(layer, &Arrays<T>::OfLayer::b), slopes.b.get(), scale, 1,
                             slopes.units);
        if (!rows_a_turn_) sweep.prepare(state.parameters, layer, {0, slopes.inputs});
    }
}

template <class T>
Movable<T> Descent<T>::movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array, std::size_t from) {
    const auto of = [&](const Arrays<T>& arrays) { return (arrays.layers[layer].*array).get() + from; };
    const auto slot = [&](std::size_t at) { return at < state.slots.size() ? of(state.slots[at]) : nullptr; };
    return {of(state.parameters), slot(0), slot(1), state.parameters.layers[layer].stride};
}

template class Descent<float>;
template class Descent<double>;

}  // namespace limpid
