// Turns are taken in order, piece by piece, whoever takes them; one that fails keeps nobody waiting.
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "core/threads.hpp"
#include "core/turns.hpp"
#include "cores.hpp"

using namespace limpid;

namespace {

constexpr std::size_t pieces = 3, turns_to_take = 200;

void check_order(std::size_t threads) {
    Turns turns(pieces);
    Crew crew(threads);
    for (int again = 0; again < 20; ++again) {
        std::vector<std::vector<std::size_t>> taken(pieces);
        turns.begin();
        crew.share(crew.members(), [&](std::size_t, std::size_t) {
            for (std::size_t turn; (turn = turns.next()) < turns_to_take;)
                for (std::size_t piece = 0; piece < pieces; ++piece)
                    turns.take(piece, turn, [&] { taken[piece].push_back(turn); });
        });
        for (const auto& of_piece : taken) {
            CHECK(of_piece.size() == turns_to_take);
            for (std::size_t turn = 0; turn < turns_to_take; ++turn) CHECK(of_piece[turn] == turn);
        }
    }
}

void check_failure(std::size_t threads) {
    Turns turns(1);
    Crew crew(threads);
    std::size_t taken = 0;
    turns.begin();
    bool failed = false;
    try {
        crew.share(crew.members(), [&](std::size_t, std::size_t) {
            for (std::size_t turn; (turn = turns.next()) < turns_to_take;) {
                if (turn == 10) {
                    turns.fail();
                    throw std::runtime_error("turn 10");
                }
                turns.take(0, turn, [&] { ++taken; });
            }
        });
    } catch (const std::runtime_error&) {
        failed = true;
    }
    CHECK(failed && taken == 10);
}

}  // namespace

int main() {
    for (const std::size_t threads : {1, 2, 4}) check_order(threads), check_failure(threads);
    return 0;
}
