// As many cores as a test wants, whatever the machine has: CMakeLists.txt has the linker send calls of
// limpid::allowed_threads here.
#pragma once

#include <cstddef>

#if defined(LIMPID_CORES)
extern "C" std::size_t __wrap__ZN6limpid15allowed_threadsEv();
extern "C" std::size_t __wrap__ZN6limpid15allowed_threadsEv() { return LIMPID_CORES; }
#endif
