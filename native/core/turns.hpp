// Threads that take turns: each works by itself, and then, piece by piece, goes on with what those before it made.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <thread>

#include "core/waiting.hpp"

namespace limpid {

class Turns {
   public:
    explicit Turns(std::size_t pieces) : done_(pieces) {}

    // All pieces are the first one's turn again.
    void begin() {
        for (Count& count : done_) count.store(0, std::memory_order_relaxed);
        next_ = 0, failed_ = false;
    }
    // Whose turn comes after all that were given out: they ascend, so that everyone waits only for those at work.
    std::size_t next() { return next_.fetch_add(1, std::memory_order_relaxed); }

    // Does `work` on a piece after all earlier turns have; leaves it if one of them failed.
    template <class Work>
    void take(std::size_t piece, std::size_t turn, const Work& work) {
        const auto is_due = [&] { return done_[piece].load(std::memory_order_acquire) == turn; };
        while (!soon([&] { return is_due() || failed_; })) std::this_thread::yield();
        if (!is_due()) return;
        work();
        done_[piece].store(turn + 1, std::memory_order_release);
    }
    // Nobody waits any more for a turn that ended early.
    void fail() { failed_ = true; }

   private:
    struct alignas(64) Count : std::atomic<std::size_t> {};
    std::deque<Count> done_;  // turns that are over, of each piece
    alignas(64) std::atomic<std::size_t> next_{0};
    std::atomic<bool> failed_{false};
};

}  // namespace limpid
