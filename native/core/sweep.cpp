#include "core/sweep.hpp"

#include <algorithm>
#include <numeric>

namespace limpid {
namespace {

// Measured: in the time of so many multiplications on one core two threads meet, and have something left of it.
constexpr double least_for_a_thread = 150'000;
constexpr std::size_t inputs_together = 48;    // whole tiles, and whole vectors where weights are transposed
constexpr std::size_t columns_together = 64;   // whole vectors, so that no thread touches another's
constexpr std::size_t squares_together = 256;  // rows whose squares one thread adds up, whatever there are of either

std::size_t round_up(std::size_t number, std::size_t to) { return (number + to - 1) / to * to; }

std::size_t count_weights(const Network& network) {
    return std::accumulate(
        network.layers.begin(), network.layers.end(), std::size_t{0},
        [](std::size_t sum, const Layer& layer) { return sum + layer.weight_rows() * layer.weight_columns(); });
}

// The rows that an embedding learns for the inputs from `first` to before `end`.
Range rows_of(const Layer& layer, std::size_t first, std::size_t end) {
    Range found{0, 0};
    for (std::size_t input = first; input < end; ++input)
        if (const std::size_t row = layer.embedding.places[input].row; row != Embedding::none)
            found = {found.count ? found.first : row, found.count + 1};
    return found;
}

std::size_t widest_of(const Network& network) {
    std::size_t widest = 0;
    for (const Layer& layer : network.layers) widest = std::max(widest, layer.units);
    return widest;
}

}  // namespace

std::size_t worthwhile_threads(double multiplications, std::size_t threads) {
    const double worth = multiplications / least_for_a_thread;
    if (worth < 2 || threads == 1) return 1;
    const std::size_t allowed = std::min(threads ? threads : SIZE_MAX, allowed_threads());
    return worth < static_cast<double>(allowed) ? static_cast<std::size_t>(worth) : allowed;
}

template <class T>
Sweep<T>::Sweep(const Network& network, const Examples<T>& examples, std::size_t rows, double label_smoothing,
                bool drops, bool trains, SimdLevel level, std::size_t threads)
    : network_(network),
      kernels_(kernels_for<T>(level)),
      members_(worthwhile_threads(static_cast<double>(rows) * static_cast<double>(count_weights(network)), threads)),
      inputs_(examples.X, examples.rows, network.layers[0], rows, !trains, kernels_),
      targets_(network, examples, rows, label_smoothing),
      backprop_(network, kernels_, {rows, true, drops, members_, trains}),
      pieces_(pieces_of(network, members_)),
      widest_(stride_of<T>(widest_of(network))),
      weight_stride_(stride_of<T>(network.layers[0].weight_columns())),
      columns_(members_ * widest_),
      block_(scatters(0) ? members_ * inputs_.block() * weight_stride_ : 0) {
    for (std::size_t member = 0; inputs_.spreads() && member < members_; ++member)
        spread_.emplace_back(inputs_.block(), rows);
    for (std::size_t layer = 0; layer < network.layers.size(); ++layer)
        for (std::size_t first = 0, count = network.layers[layer].weight_rows(); first < count;
             first += squares_together)
            square_pieces_.push_back({layer, {first, std::min(squares_together, count - first)}});
    squares_.resize(square_pieces_.size());
    for (std::size_t layer = 0; layer < network.layers.size(); ++layer)
        if (backprop_.by_batch(layer)) meetings_.push_back(layer);
    for (std::size_t input = 0; input < network.layers[0].embedding.places.size(); ++input)
        if (network.layers[0].embedding.places[input].row != Embedding::none)
            part_of_row_.push_back(input / inputs_.block());
    for (std::size_t layer = network.layers[0].embeds(); layer + 1 < network.layers.size(); ++layer)
        for (std::size_t first = 0; first < network.layers[layer].units; first += columns_together)
            column_pieces_.push_back({layer, {first, std::min(columns_together, network.layers[layer].units - first)}});
}

// Of the first layer a block of inputs each, where they are in lists.
template <class T>
auto Sweep<T>::pieces_of(const Network& network, std::size_t members) const -> std::vector<Piece> {
    std::vector<Piece> made;
    const std::size_t most_weights = count_weights(network) / (members == 1 ? 1 : 4 * members);
    for (std::size_t layer = network.layers.size(); layer-- > 0;) {
        const std::size_t inputs = network.layers[layer].inputs, units = network.layers[layer].units;
        std::size_t size = std::min(inputs, round_up(most_weights / units + 1, inputs_together));
        if (layer == 0 && inputs_.sparse()) size = inputs_.block();
        const bool embeds = network.layers[layer].embeds();
        for (std::size_t first = 0; first < inputs; first += size) {
            const std::size_t end = std::min(first + size, inputs);
            const Range part = embeds ? rows_of(network.layers[layer], first, end) : Range{first, end - first};
            if (part.count) made.push_back({layer, part});
        }
    }
    return made;
}

template <class T>
void Sweep<T>::prepare(Crew& crew, const Arrays<T>& parameters) {
    weights_ = parameters.view();
    crew.share(pieces_.size(), [&](std::size_t number, std::size_t) {
        prepare(parameters, pieces_[number].layer, pieces_[number].part);
    });
}

template <class T>
void Sweep<T>::prepare(const Arrays<T>& parameters, std::size_t layer, Range inputs) {
    if (layer) backprop_.prepare_back(parameters, layer, inputs, {0, network_.layers[layer].units});
}

template <class T>
template <class Use>
void Sweep<T>::share_rows(Crew& crew, const Use& use) const {
    // of a large batch that goes through whole each piece is as large as a part of another one, for the caches' sake
    const std::size_t pieces = std::max(crew.members(), (rows_ + rows_at_once - 1) / rows_at_once);
    const std::size_t part = std::min(rows_, round_up((rows_ + pieces - 1) / pieces, kernels_.rows_together));
    crew.share((rows_ + part - 1) / part, [&](std::size_t number, std::size_t member) {
        use(Range{number * part, std::min(part, rows_ - number * part)}, member);
    });
}

template <class T>
template <class Use>
void Sweep<T>::share_units(Crew& crew, std::size_t layer, const Use& use) const {
    const std::size_t units = network_.layers[layer].units;
    crew.share((units + columns_together - 1) / columns_together, [&](std::size_t number, std::size_t) {
        const std::size_t first = number * columns_together;
        use(Range{first, std::min(columns_together, units - first)});
    });
}

// Threads that share the rows meet where a layer is normalised by the batch: its statistics, and the sums on the way
// back, are over all of them.
template <class T>
double Sweep<T>::there_and_back(Crew& crew, const Choice& choice, double total, const Dropout& dropout, T scale) {
    rows_ = choice.count;
    inputs_.begin(choice);
    std::size_t done = 0;
    const auto there = [&](Range rows, std::size_t member, std::size_t end) {
        if (done == 0) inputs_.gather(rows), targets_.gather(choice, rows, total);
        backprop_.forward(weights_, inputs_, rows, member, dropout, done, end);
    };
    for (const std::size_t layer : meetings_) {
        const std::size_t end = 2 * layer + 1;
        share_rows(crew, [&](Range rows, std::size_t member) { there(rows, member, end); });
        share_units(crew, layer, [&](Range units) { backprop_.find_moments(layer, targets_, rows_, units); });
        done = end;
    }
    const auto back = [&](Range rows, std::size_t member, std::size_t meetings, std::size_t from) {
        backprop_.back(weights_, targets_, rows, member, meetings ? 2 * meetings_[meetings - 1] + 2 : 1, from);
    };
    std::size_t meetings = meetings_.size();
    share_rows(crew, [&](Range rows, std::size_t member) {
        there(rows, member, backprop_.steps());
        backprop_.measure(targets_, rows, member, scale);
        back(rows, member, meetings, backprop_.steps() - 1);
    });
    while (meetings-- > 0) {
        const std::size_t layer = meetings_[meetings];
        share_units(crew, layer, [&](Range units) { backprop_.find_sums(layer, rows_, units); });
        share_rows(crew, [&](Range rows, std::size_t member) { back(rows, member, meetings, 2 * layer + 2); });
    }
    return backprop_.cost(rows_);
}

// The factors of the slopes along some inputs of a layer.
template <class T>
Factors<T> Sweep<T>::slope_factors(std::size_t layer, Range inputs, std::size_t member) {
    Factors<T> factors = backprop_.slope_factors(layer, inputs_, inputs, rows_);
    if (layer == 0 && inputs_.spreads()) {
        Spread<T>& spread = spread_[member];
        spread.fill(inputs_.lists(0), inputs.first / inputs_.block(), inputs, rows_);
        spread.describe(factors);
    }
    return factors;
}

template <class T>
void Sweep<T>::accumulate(std::size_t layer, Range inputs, T* sums, bool fresh, std::size_t member) {
    if (!scatters(layer)) {
        kernels_.accumulate(slope_factors(layer, inputs, member), sums, stride(layer), fresh);
        return;
    }
    if (fresh) std::fill_n(sums, inputs.count * weight_stride_, T(0));
    if (network_.layers[0].embeds()) {
        const Embedded<T> embedded{network_.layers[0].embedding, inputs_.lists(0), network_.layers[0].units, stride(0)};
        kernels_.scatter_embedded(embedded, part_of_row_[inputs.first], inputs.first, rows_, backprop_.delta(0), sums,
                                  weight_stride_);
        return;
    }
    kernels_.scatter(inputs_.lists(0), inputs.first / inputs_.block(), inputs.first, rows_, backprop_.delta(0),
                     network_.layers[0].units, sums, stride(0));
}

template <class T>
void Sweep<T>::descend(std::size_t layer, Range inputs, const T* sums, const StepNumbers<T>& numbers,
                       const Movable<T>& parameters, std::size_t member) {
    if (!scatters(layer)) {
        kernels_.descend(slope_factors(layer, inputs, member), sums, numbers, parameters);
        return;
    }
    const std::size_t count = inputs.count * weight_stride_;
    T* const slopes = block_.get() + member * inputs_.block() * weight_stride_;
    if (sums) std::copy_n(sums, count, slopes);
    accumulate(layer, inputs, slopes, !sums, member);
    kernels_.step(numbers, parameters, slopes, T(1), inputs.count, network_.layers[0].weight_columns());
}

template <class T>
double Sweep<T>::sum_of_squares(Crew& crew, const Arrays<T>& arrays, bool others) {
    crew.share(square_pieces_.size(), [&](std::size_t number, std::size_t member) {
        const auto& [layer, inputs] = square_pieces_[number];
        const auto& own = arrays.layers[layer];
        squares_[number] = 0;
        if (!others && !own.decays()) return;
        T* const columns = columns_.get() + member * widest_;
        squares_[number] = kernels_.sum_of_squares(own.W.get() + inputs.first * own.stride, inputs.count, own.units,
                                                   own.stride, columns);
        if (others && inputs.first == 0)
            for (const T* row : own.rows())
                squares_[number] += kernels_.sum_of_squares(row, 1, own.units, own.stride, columns);
    });
    return std::accumulate(squares_.begin(), squares_.end(), 0.0);
}

template <class T>
void Sweep<T>::limit_norms(Crew& crew, const Arrays<T>& parameters, T limit) {
    crew.share(column_pieces_.size(), [&](std::size_t number, std::size_t) {
        const auto& [layer, units] = column_pieces_[number];
        const auto& own = parameters.layers[layer];
        kernels_.limit_columns(own.W.get() + units.first, own.inputs, units.count, own.stride, limit);
        if (layer) backprop_.prepare_back(parameters, layer, {0, own.inputs}, units);
    });
}

template class Sweep<float>;
template class Sweep<double>;

}  // namespace limpid
