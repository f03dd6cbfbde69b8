// The same inputs in every form that networks read: of k / 256, which each kind of number holds exactly.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "core/inputs.hpp"

template <class T>
class Forms {
   public:
    struct Form {
        std::string name;
        limpid::Inputs<T> X;
    };
    const std::size_t rows, inputs;

    // One number in so many is not zero; some rows end early, begin late or are empty, where not all is to be full.
    Forms(std::size_t r, std::size_t i, unsigned one_in) : rows(r), inputs(i), dense_(r * i), codes_(256) {
        std::mt19937 random(1);
        for (unsigned code = 0; code < 256; ++code) codes_[code] = static_cast<T>(code) / T(256);
        for (std::size_t at = 0; at < rows * inputs; ++at) {
            if (random() % one_in == 0 && (one_in == 1 || inside(at))) keep(at, random() % 255 + 1);
            if ((at + 1) % inputs == 0) end_row();
        }
    }
    Forms(const Forms&) = delete;

    limpid::Inputs<T> plain() const { return all()[0].X; }

    T at(std::size_t row, std::size_t input) const { return codes_[dense_.bytes[row * inputs + input]]; }

    std::vector<Form> all() const {
        using limpid::Index, limpid::Number;
        const auto own = sizeof(T) == 4 ? Number::float32 : Number::float64;
        const auto dense = [&](Number number) { return limpid::Inputs<T>{number, dense_.of(number), codes_.data()}; };
        const auto sparse = [&](Number number, Index index) {
            limpid::Inputs<T> made{number, kept_.of(number), codes_.data(), index};
            made.starts = index == Index::int32 ? static_cast<const void*>(narrow_.starts.data()) : wide_.starts.data();
            made.places = index == Index::uint16  ? static_cast<const void*>(narrowest_.data())
                          : index == Index::int32 ? static_cast<const void*>(narrow_.places.data())
                                                  : wide_.places.data();
            return made;
        };
        return {{"dense", dense(own)},
                {"uint8", dense(Number::uint8)},
                {"float16", dense(Number::float16)},
                {"float32", dense(Number::float32)},
                {"float64", dense(Number::float64)},
                {"sparse", sparse(own, Index::int32)},
                {"sparse, wide", sparse(own, Index::int64)},
                {"sparse uint8, narrow", sparse(Number::uint8, Index::uint16)},
                {"sparse float16", sparse(Number::float16, Index::int32)},
                {"sparse float32, wide", sparse(Number::float32, Index::int64)},
                {"sparse float64, narrow", sparse(Number::float64, Index::uint16)}};
    }

   private:
    struct Numbers {
        std::vector<std::uint8_t> bytes;
        std::vector<limpid::Half> halves;
        std::vector<float> singles;
        std::vector<double> doubles;

        explicit Numbers(std::size_t count = 0) : bytes(count), halves(count), singles(count), doubles(count) {}

        void put(std::size_t at, unsigned code) {
            int exponent = 0;
            while (code >> exponent > 1) ++exponent;
            bytes[at] = static_cast<std::uint8_t>(code);
            halves[at].bits = static_cast<std::uint16_t>((exponent + 7) << 10 | (code << (10 - exponent) & 1023));
            singles[at] = static_cast<float>(code) / 256, doubles[at] = code / 256.0;
        }
        void add(unsigned code) {
            bytes.emplace_back(), halves.emplace_back(), singles.emplace_back(), doubles.emplace_back();
            put(bytes.size() - 1, code);
        }
        const void* of(limpid::Number number) const {
            switch (number) {
                case limpid::Number::uint8:
                    return bytes.data();
                case limpid::Number::float16:
                    return halves.data();
                case limpid::Number::float32:
                    return singles.data();
                case limpid::Number::float64:
                    break;
            }
            return doubles.data();
        }
    };
    template <class Index>
    struct Places {
        std::vector<Index> places, starts{0};
    };

    bool inside(std::size_t at) const {
        const std::size_t input = at % inputs;
        switch (at / inputs % 5) {
            case 1:
                return input < inputs / 3;
            case 2:
                return input > inputs - inputs / 3;
            case 3:
                return input < inputs / 4 || input > inputs - inputs / 4;
            case 4:
                return at / inputs % 10 == 4;
            default:
                return true;
        }
    }
    void keep(std::size_t at, unsigned code) {
        dense_.put(at, code);
        kept_.add(code);
        const std::size_t input = at % inputs;
        narrowest_.push_back(static_cast<std::uint16_t>(input));
        narrow_.places.push_back(static_cast<std::int32_t>(input));
        wide_.places.push_back(static_cast<std::int64_t>(input));
    }
    void end_row() {
        narrow_.starts.push_back(static_cast<std::int32_t>(kept_.bytes.size()));
        wide_.starts.push_back(static_cast<std::int64_t>(kept_.bytes.size()));
    }

    Numbers dense_, kept_;
    std::vector<T> codes_;
    std::vector<std::uint16_t> narrowest_;
    Places<std::int32_t> narrow_;
    Places<std::int64_t> wide_;
};
