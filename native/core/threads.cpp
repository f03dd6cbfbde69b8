#include "core/threads.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fstream>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif

#include "core/simd.hpp"

namespace limpid {
namespace {

constexpr std::size_t most_members = 4096;

std::atomic<std::size_t> most_threads{0};
thread_local bool in_a_crew = false;

std::size_t affinity() {
#if defined(__linux__)
    cpu_set_t cores;
    if (!sched_getaffinity(0, sizeof cores, &cores)) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

// The share of time that a control group may use, in cores; no limit where there is no such file.
std::size_t quota() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    double microseconds = 0, period = 0;
    if (!(file >> microseconds >> period) || period <= 0) return SIZE_MAX;
    return static_cast<std::size_t>(std::max(1.0, std::ceil(microseconds / period)));
}

std::size_t from_environment() {
    const char* given = std::getenv("OMP_NUM_THREADS");
    const long number = given ? std::strtol(given, nullptr, 10) : 0;
    return number > 0 ? static_cast<std::size_t>(number) : SIZE_MAX;
}

void rest() {
#if defined(__SSE2__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Looks a while whether `ready` holds: threads at work come back within microseconds.
template <class Ready>
bool soon(Ready ready) {
    for (int turn = 0; turn < 4000; ++turn) {
        if (ready()) return true;
        rest();
    }
    return false;
}

}  // namespace

// Threads that wait at a gate. Its lowest bits count who is inside, one says whether it is open, the rest number the
// tasks. A task waits for those who came in, never for one that the system did not let run meanwhile; and whoever waits
// long sleeps, since a core that another program needs must not be kept busy by waiting.
class Pool {
   public:
    const long process;
    std::mutex taken;

    explicit Pool(long owner) : process(owner) {}

    // Makes threads until there are so many; returns how many there are if the system refuses more.
    std::size_t grow(std::size_t threads) {
        try {
            while (asleep_.size() < threads) {
                taken_.emplace_back(), asleep_.emplace_back(0);
                std::thread([this, member = asleep_.size(), asleep = &asleep_.back()] {
                    serve(member, *asleep);
                }).detach();
            }
        } catch (const std::system_error&) {
            asleep_.pop_back(), taken_.pop_back();
        }
        return std::min(threads, asleep_.size());
    }

    template <class Call>
    void run(std::size_t members, std::size_t pieces, Call call, const void* work) {
        pieces_ = pieces, call_ = call, work_ = work;
        for (std::size_t member = 0; member < members; ++member) taken_[member].store(0, std::memory_order_relaxed);
        members_.store(members, std::memory_order_relaxed);
        gate_.store((gate_.load() & ~(one_task - 1)) + one_task + open);
        for (std::size_t at = 0; at + 1 < members; ++at)
            if (asleep_[at].load()) asleep_[at].store(0), asleep_[at].notify_one();
        take_pieces(0);
        gate_.fetch_and(~open);
        const auto empty = [&] { return (gate_.load(std::memory_order_acquire) & inside) == 0; };
        if (!soon(empty))
            for (std::uint32_t value = gate_.load(); value & inside; value = gate_.load()) gate_.wait(value);
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

   private:
    static constexpr std::uint32_t inside = 0xFFF, open = 0x1000, one_task = 0x2000;

    // Every so-manieth piece is a member's own, so that it finds in its caches what it worked on in the task before;
    // then those that others have not come to. What one throws is kept for the caller: the others are still at work.
    void take_pieces(std::size_t member) try {
        const std::size_t members = members_.load(std::memory_order_relaxed);
        for (std::size_t turn = 0; turn < members; ++turn) {
            const std::size_t whose = (member + turn) % members;
            for (;;) {
                const std::size_t piece = taken_[whose].fetch_add(1, std::memory_order_relaxed) * members + whose;
                if (piece >= pieces_) break;
                call_(work_, piece, member);
            }
        }
    } catch (...) {
        const std::lock_guard lock(failing_);
        if (!failure_) failure_ = std::current_exception();
    }

    [[noreturn]] void serve(std::size_t member, std::atomic<std::uint32_t>& asleep) {
        in_a_crew = true;
        const FlushToZero flush;
        std::uint32_t done = 0;
        const auto wanted = [&] {
            const std::uint32_t now = gate_.load();
            return (now & open) && now / one_task != done / one_task && member < members_.load();
        };
        for (;;) {
            if (!soon(wanted)) {
                asleep.store(1);
                if (!wanted()) asleep.wait(1);
                asleep.store(0);
                continue;
            }
            std::uint32_t value = gate_.load();
            if (!(value & open) || !gate_.compare_exchange_strong(value, value + 1)) continue;
            done = value;
            if (member < members_.load()) take_pieces(member);
            if ((gate_.fetch_sub(1) & (inside | open)) == 1) gate_.notify_all();
        }
    }

    struct alignas(64) Count : std::atomic<std::size_t> {};
    std::deque<std::atomic<std::uint32_t>> asleep_;  // of each thread
    std::deque<Count> taken_{1};                     // of each member's own pieces
    std::size_t pieces_ = 0;
    void (*call_)(const void*, std::size_t, std::size_t) = nullptr;
    const void* work_ = nullptr;
    std::mutex failing_;
    std::exception_ptr failure_;
    std::atomic<std::size_t> members_{0};
    alignas(64) std::atomic<std::uint32_t> gate_{0};
};

namespace {

// The process's pool. A forked child has none of its parent's threads and begins with a new one; pools are never
// destroyed, since their threads wait in them until the process ends.
Pool& pool() {
    static std::atomic<Pool*> made{nullptr};
#if defined(__linux__)
    const long process = getpid();
#else
    const long process = 1;
#endif
    for (;;) {
        Pool* found = made.load();
        if (found && found->process == process) return *found;
        auto fresh = std::make_unique<Pool>(process);
        if (made.compare_exchange_strong(found, fresh.get())) return *fresh.release();
    }
}

}  // namespace

std::size_t allowed_threads() {
    const std::size_t most = most_threads.load(std::memory_order_relaxed);
    return std::min({affinity(), quota(), from_environment(), most ? most : SIZE_MAX});
}

void set_most_threads(std::size_t most) { most_threads.store(most, std::memory_order_relaxed); }

Crew::Crew(std::size_t members) : members_(1) {
    if (members < 2 || in_a_crew) return;
    Pool& found = pool();
    std::unique_lock lock(found.taken, std::try_to_lock);
    if (!lock) return;
    members_ = 1 + found.grow(std::min(members, most_members) - 1);
    lock.release();
    pool_ = &found;
    in_a_crew = true;
}

Crew::~Crew() {
    if (!pool_) return;
    in_a_crew = false;
    pool_->taken.unlock();
}

void Crew::run(std::size_t pieces, Call call, const void* work) { pool_->run(members_, pieces, call, work); }

}  // namespace limpid
