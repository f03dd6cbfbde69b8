#include "bindings/tables.hpp"

#include <algorithm>
#include <array>

namespace limpid::bindings {
namespace {

constexpr std::array<std::uint8_t, 256> all_codes = [] {
    std::array<std::uint8_t, 256> made{};
    for (std::size_t code = 0; code < made.size(); ++code) made[code] = static_cast<std::uint8_t>(code);
    return made;
}();

// What codes stand for where nothing else is said: themselves.
template <class T>
const T* themselves() {
    static const std::array<T, 256> made = [] {
        std::array<T, 256> values{};
        std::copy(all_codes.begin(), all_codes.end(), values.begin());
        return values;
    }();
    return made.data();
}

// Calls `use` with the array, of the kind that it holds and the shape that is wanted.
template <class Use>
Number with_kind(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape, Use use) {
    nb::ndarray<nb::ro> found;
    if (!nb::try_cast(given, found, false))
        throw std::invalid_argument(name + " must be a NumPy array of numbers, got " + name_of(given));
    if (holds<float>(found)) return use(fitting<float>(std::move(found), name, shape)), Number::float32;
    if (holds<double>(found)) return use(fitting<double>(std::move(found), name, shape)), Number::float64;
    if (holds<std::uint8_t>(found)) return use(fitting<std::uint8_t>(std::move(found), name, shape)), Number::uint8;
    if (holds<Half>(found)) return use(fitting<Half>(std::move(found), name, shape)), Number::float16;
    throw std::invalid_argument(name + " must be an array of uint8, float16, float32 or float64, got " +
                                kind_of(found));
}

template <class I>
std::size_t check_places(const Array<I>& starts, const Array<I>& places, std::size_t inputs) {
    const std::size_t rows = starts.rows() - 1, count = places.rows();
    for (std::size_t row = 0; row < rows; ++row) {
        const I first = starts.numbers[row], end = starts.numbers[row + 1];
        if (first < 0 || end < first || static_cast<std::size_t>(end) > count)
            throw std::invalid_argument("X's starts must ascend from 0 to " + std::to_string(count) + ", got " +
                                        std::to_string(first) + " and " + std::to_string(end) + " for row " +
                                        std::to_string(row));
        I before = -1;
        for (I at = first; at < end; before = places.numbers[at++])
            if (places.numbers[at] <= before || static_cast<std::size_t>(places.numbers[at]) >= inputs)
                throw std::invalid_argument("X's places must ascend in each row, from 0 to " +
                                            std::to_string(inputs - 1) + ", got " + std::to_string(places.numbers[at]) +
                                            " after " + std::to_string(before) + " in row " + std::to_string(row));
    }
    return rows;
}

// The row and column of a number in compressed sparse rows.
template <class I>
std::pair<std::size_t, std::size_t> row_and_column(const I* starts, const I* places, std::size_t rows, std::size_t at) {
    const I* const after = std::upper_bound(starts, starts + rows + 1, static_cast<I>(at));
    return {static_cast<std::size_t>(after - starts) - 1, static_cast<std::size_t>(places[at])};
}

template <class T, class I>
void sparse_table(std::size_t inputs, const nb::tuple& parts, Table<T>& made, Owners& owners) {
    const Array<I> starts = array<I>(parts[2], "X's starts", {-1}), places = array<I>(parts[1], "X's places", {any});
    const std::size_t rows = check_places(starts, places, inputs);
    if (!rows) throw std::invalid_argument("X must have at least one row");
    made.rows = rows;
    made.inputs.index = sizeof(I) == 4 ? Index::int32 : Index::int64;
    made.inputs.starts = starts.numbers, made.inputs.places = places.numbers;
    owners.push_back(starts.owner), owners.push_back(places.owner);
    const auto use = [&]<class U>(const Array<U>& numbers) {
        const std::size_t bad = first_not_finite(numbers.numbers, numbers.rows());
        if (bad < numbers.rows()) {
            const auto [row, column] = row_and_column(starts.numbers, places.numbers, rows, bad);
            refuse("X", numbers.numbers[bad], row, column);
        }
        made.inputs.numbers = numbers.numbers, owners.push_back(numbers.owner);
    };
    made.inputs.number = with_kind(parts[0], "X", {static_cast<std::ptrdiff_t>(places.rows())}, use);
}

}  // namespace

template <class T>
Table<T> table(std::size_t inputs, nb::handle X, Owners& owners, bool looks) {
    if (nb::isinstance<SharedTable<T>>(X)) {
        const auto& shared = nb::cast<const SharedTable<T>&>(X);
        if (shared.inputs() != inputs)
            throw std::invalid_argument("X must have " + std::to_string(inputs) + " inputs, got " +
                                        std::to_string(shared.inputs()));
        owners.objects.push_back(nb::borrow(X));
        return shared.view();
    }
    Table<T> made{};
    nb::tuple parts;
    const bool plain = !nb::try_cast(X, parts, false);
    if (plain) parts = nb::make_tuple(X, nb::none(), nb::none(), nb::none());
    if (parts.size() != 4) throw std::invalid_argument("X must be an array, or numbers, places, starts and meanings");
    made.inputs.codes = themselves<T>();
    if (!parts[3].is_none()) {
        const Array<T> meanings = finite_array<T>(parts[3], "X's meanings", {256});
        made.inputs.codes = meanings.numbers, owners.push_back(meanings.owner);
    }
    if (!parts[2].is_none()) {
        nb::ndarray<nb::ro> starts;
        if (nb::try_cast(nb::handle(parts[2]), starts, false) && holds<std::int32_t>(starts))
            sparse_table<T, std::int32_t>(inputs, parts, made, owners);
        else
            sparse_table<T, std::int64_t>(inputs, parts, made, owners);
        return made;
    }
    const auto columns = static_cast<std::ptrdiff_t>(inputs);
    made.inputs.number = with_kind(parts[0], "X", {-1, columns}, [&]<class U>(const Array<U>& numbers) {
        if (looks) check_finite(numbers, "X");
        made.inputs.numbers = numbers.numbers, made.rows = numbers.rows(), owners.push_back(numbers.owner);
    });
    return made;
}

template <class T>
void check_place(const Table<T>& given, std::size_t inputs, std::size_t place) {
    if (place / inputs >= given.rows) return;
    with_numbers(given.inputs,
                 [&](const auto* numbers) { refuse("X", numbers[place], place / inputs, place % inputs); });
}

template <class T>
void check_dense(const Table<T>& given, std::size_t inputs) {
    if (given.inputs.sparse()) return;
    check_place(given, inputs, with_numbers(given.inputs, [&](const auto* numbers) {
                    return first_not_finite(numbers, given.rows * inputs);
                }));
}

template <class T>
SharedTable<T>::SharedTable(std::size_t inputs, nb::handle X)
    : inputs_(inputs), table_(table<T>(inputs, X, owners_, false)) {
    constexpr std::size_t usual_units = 64;
    const bool pays = leaving_out_pays(table_.inputs, table_.rows, inputs, usual_units, false);
    if (pays) compressed_.emplace(table_.inputs, table_.rows, inputs);
    if (!pays || !compressed_->finite()) check_dense(table_, inputs);
    if (pays) table_.inputs = compressed_->view();
}

template <class T>
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights, Owners& owners,
                     bool looks) {
    const Table<T> from = table<T>(network.inputs(), X, owners, looks);
    const auto rows = static_cast<std::ptrdiff_t>(from.rows);
    const Array<T> targets = finite_array<T>(Y, "Y", {rows, static_cast<std::ptrdiff_t>(network.outputs())});
    owners.push_back(targets.owner);
    Examples<T> made{from.inputs, targets.numbers, nullptr, from.rows};
    if (!weights.is_none()) {
        const Array<T> found = finite_array<T>(weights, "the weights", {rows});
        made.weights = found.numbers, owners.push_back(found.owner);
    }
    return made;
}

template Table<float> table(std::size_t, nb::handle, Owners&, bool);
template void check_place(const Table<float>&, std::size_t, std::size_t);
template void check_dense(const Table<float>&, std::size_t);
template Table<double> table(std::size_t, nb::handle, Owners&, bool);
template void check_place(const Table<double>&, std::size_t, std::size_t);
template void check_dense(const Table<double>&, std::size_t);
template class SharedTable<float>;
template class SharedTable<double>;
template Examples<float> examples(const Network&, nb::handle, nb::handle, nb::handle, Owners&, bool);
template Examples<double> examples(const Network&, nb::handle, nb::handle, nb::handle, Owners&, bool);

}  // namespace limpid::bindings
