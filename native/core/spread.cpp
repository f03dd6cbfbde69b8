#include "core/spread.hpp"

namespace limpid {
namespace {

template <class Place, class T, class NumberOf>
void spread(const Lists<T>& x, std::size_t part, Range inputs, std::size_t rows, T* to, std::size_t stride,
            NumberOf number_of) {
    const auto* const places = static_cast<const Place*>(x.places);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint32_t* const bounds = x.bounds + row * x.step + part;
        for (std::uint32_t entry = bounds[0], end = bounds[1]; entry < end; ++entry)
            to[(places[entry] - inputs.first) * stride + row] = number_of(entry);
    }
}

}  // namespace

template <class T>
void Spread<T>::fill(const Lists<T>& x, std::size_t part, Range inputs, std::size_t rows) {
    std::fill_n(numbers_.get(), inputs.count * stride_, T(0));
    const auto number = [numbers = static_cast<const T*>(x.numbers)](std::uint32_t entry) { return numbers[entry]; };
    const auto meaning = [codes = x.codes, numbers = static_cast<const std::uint8_t*>(x.numbers)](std::uint32_t entry) {
        return codes[numbers[entry]];
    };
    switch (x.listing) {
        case Listing::wide:
            return spread<std::uint32_t>(x, part, inputs, rows, numbers_.get(), stride_, number);
        case Listing::narrow:
            return spread<std::uint16_t>(x, part, inputs, rows, numbers_.get(), stride_, number);
        case Listing::coded:
            return spread<std::uint16_t>(x, part, inputs, rows, numbers_.get(), stride_, meaning);
    }
}

template class Spread<float>;
template class Spread<double>;

}  // namespace limpid
