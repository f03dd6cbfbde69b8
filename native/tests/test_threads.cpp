// Crews: every piece is taken once, all members come, and nobody is waited for who did not; callers beside each other,
// within each other and after a fork.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <thread>

#include "core/threads.hpp"
#if defined(__linux__)
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "check.hpp"

// Its threads are the forked child's own: nothing of the parent's is looked at.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

using namespace limpid;

namespace {

using Clock = std::chrono::steady_clock;

// The counts are not atomic, so that the thread sanitizer sees where a piece is taken twice or the caller comes back
// too soon.
void check_pieces(Crew& crew, std::size_t pieces) {
    std::vector<unsigned> taken(pieces), of_member(crew.members());
    std::vector<std::atomic<bool>> busy(crew.members());
    crew.share(pieces, [&](std::size_t piece, std::size_t member) {
        CHECK(piece < pieces && member < crew.members());
        CHECK(!busy[member].exchange(true));  // else two threads would be the same member
        ++taken[piece], ++of_member[member];
        busy[member] = false;
    });
    std::size_t total = 0;
    for (const unsigned times : taken) CHECK(times == 1);
    for (const unsigned times : of_member) total += times;
    CHECK(total == pieces);
}

void check_every_piece() {
    for (const std::size_t members : {1, 2, 3, 4, 8}) {
        Crew crew(members);
        CHECK(crew.members() == members);
        for (const std::size_t pieces : {0, 1, 2, 3, 7, 100, 5000}) check_pieces(crew, pieces);
    }
    CHECK(Crew(0).members() == 1);
}

// Many short tasks, in crews of changing size: members come late, to a task that is over or to the next one.
void check_many_tasks() {
    for (std::size_t turn = 0; turn < 300; ++turn) {
        Crew crew(turn * 7 % 5 + 1);
        for (std::size_t task = 0; task < 20; ++task) check_pieces(crew, (turn + task) % 9);
    }
    for (std::size_t turn = 0; turn < 500; ++turn)
        for (const std::size_t members : {8, 2}) {
            Crew crew(members);
            check_pieces(crew, members);
        }
}

// Calls `work` on each member at once: a piece waits for as many others as there are members, so that all must come.
template <class Work>
void with_all(Crew& crew, Work work) {
    std::atomic<std::size_t> came{0};
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    crew.share(crew.members(), [&](std::size_t, std::size_t member) {
        for (++came; came < crew.members() && Clock::now() < deadline;) std::this_thread::yield();
        work(member);
    });
    CHECK(came == crew.members());
}

void check_all_come(Crew& crew) {
    std::vector<int> came(crew.members());
    with_all(crew, [&](std::size_t member) { ++came[member]; });
    for (const int times : came) CHECK(times == 1);
}

void check_sleepers() {
    for (const std::size_t members : {2, 3, 4, 6}) {
        Crew crew(members);
        check_all_come(crew);
        check_all_come(crew);
        std::this_thread::sleep_for(std::chrono::milliseconds(30));  // all go to sleep
        check_all_come(crew);
    }
}

// A task whose members still work when the caller has no piece left.
void check_slow_members() {
    Crew crew(4);
    for (int turn = 0; turn < 3; ++turn) {
        std::vector<int> done(4);
        crew.share(4, [&](std::size_t piece, std::size_t member) {
            if (member) std::this_thread::sleep_for(std::chrono::milliseconds(20));
            done[piece] = 1;
            if (!member) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        });
        CHECK(std::count(done.begin(), done.end(), 1) == 4);
    }
}

void check_nested() {
    Crew crew(3);
    CHECK(Crew(3).members() == 1);
    std::vector<std::size_t> sums(8);
    crew.share(sums.size(), [&](std::size_t piece, std::size_t) {
        Crew inner(4);
        CHECK(inner.members() == 1);
        inner.share(10, [&](std::size_t number, std::size_t member) {
            CHECK(member == 0);
            sums[piece] += number;
        });
    });
    for (const std::size_t sum : sums) CHECK(sum == 45);
}

// Callers on threads of their own: one has the pool, the others work alone meanwhile.
void check_callers() {
    {
        const Crew crew(2);
        std::thread([] { CHECK(Crew(2).members() == 1); }).join();
    }
    std::thread([] { CHECK(Crew(2).members() == 2); }).join();
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; ++caller)
        callers.emplace_back([] {
            for (std::size_t turn = 0; turn < 200; ++turn) {
                Crew crew(3);
                CHECK(crew.members() == 3 || crew.members() == 1);
                check_pieces(crew, turn % 40);
            }
        });
    for (std::thread& caller : callers) caller.join();
}

// In members, as in a caller that asked for it, the smallest numbers count as zero.
void check_flushing() {
#if defined(__SSE2__) || defined(__aarch64__)
    const FlushToZero flush;
    Crew crew(3);
    with_all(crew, [](std::size_t) {
        const volatile float small = 1e-30f;
        CHECK(small * 1e-10f * 1e20f == 0);
    });
#endif
}

// What a piece throws reaches the caller once all have left, and the pool is as good as before.
void check_failures() {
    for (const std::size_t failing : {std::size_t{0}, std::size_t{7}, std::size_t{99}}) {
        Crew crew(3);
        std::atomic<int> at_work{0};
        bool caught = false;
        try {
            crew.share(100, [&](std::size_t piece, std::size_t) {
                ++at_work;
                if (piece == failing) --at_work, throw std::bad_alloc();
                --at_work;
            });
        } catch (const std::bad_alloc&) {
            caught = at_work == 0;
        }
        CHECK(caught);
        check_pieces(crew, 100);
    }
}

void check_limits() {
    unsetenv("OMP_NUM_THREADS");
    set_most_threads(0);
    const std::size_t all = allowed_threads();
    CHECK(all >= 1);
    set_most_threads(1);
    CHECK(allowed_threads() == 1);
    set_most_threads(100'000);
    CHECK(allowed_threads() == all);
    set_most_threads(0);
    CHECK(allowed_threads() == all);
    for (const auto& [given, wanted] : {std::pair{"1", std::size_t{1}}, {"0", all}, {"-3", all}, {"many", all}}) {
        setenv("OMP_NUM_THREADS", given, 1);
        CHECK(allowed_threads() == wanted);
    }
    unsetenv("OMP_NUM_THREADS");
}

#if defined(__linux__)
void check_affinity() {
    cpu_set_t all, one;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    CPU_ZERO(&one);
    int core = 0;
    while (!CPU_ISSET(core, &all)) ++core;
    CPU_SET(core, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(allowed_threads() == 1);
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
    CHECK(allowed_threads() <= static_cast<std::size_t>(CPU_COUNT(&all)));
}

// Whether a child of this process ends well after `work`.
template <class Work>
[[maybe_unused]] bool child_does(Work work) {
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(0);
    }
    int status = 1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

[[maybe_unused]] void check_three_come() {
    Crew crew(3);
    CHECK(crew.members() == 3);
    check_all_come(crew);
    check_pieces(crew, 100);
}

// A child has none of its parent's threads, even where they were at work, and makes its own.
[[maybe_unused]] void check_fork() {
    const auto work = [] {
        check_three_come();
        CHECK(child_does(check_three_come));
    };
    check_three_come();
    CHECK(child_does(work));
    std::atomic<bool> at_work{false}, enough{false};
    std::thread busy([&] {
        Crew crew(3);
        crew.share(3, [&](std::size_t, std::size_t) {
            for (at_work = true; !enough;) std::this_thread::yield();
        });
    });
    while (!at_work) std::this_thread::yield();
    CHECK(child_does(work));
    enough = true;
    busy.join();
    check_three_come();
}
#endif

}  // namespace

int main() {
    check_every_piece();
    check_many_tasks();
    check_sleepers();
    check_slow_members();
    check_nested();
    check_callers();
    check_flushing();
    check_failures();
    check_limits();
#if defined(__linux__)
    check_affinity();
#if !defined(__SANITIZE_THREAD__)  // which knows no new threads in the child of a process that has several
    check_fork();
#endif
#endif
    return 0;
}
