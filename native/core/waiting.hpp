// How threads at work wait for each other.
#pragma once

namespace limpid {

inline void rest() {
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

}  // namespace limpid
