// A small pool of threads that share the pieces of a task. Which thread takes a piece never decides what it computes.
#pragma once

#include <cstddef>

namespace limpid {

// Processor cores that this process may use: by its affinity, its control group's quota, $OMP_NUM_THREADS and
// `set_most_threads`.
std::size_t allowed_threads();

// At most so many threads from now on; 0 lifts the limit.
void set_most_threads(std::size_t most);

class Pool;

// The threads that work for one caller while this lives: the caller and the pool's. Whoever finds the pool taken works
// alone, and so does whoever is in a crew already.
class Crew {
   public:
    explicit Crew(std::size_t members);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    std::size_t members() const { return members_; }

    // Calls `work(piece, member)` once for every piece below `pieces`, in any order and on any member at a time; what
    // they did is seen by the caller when this returns. Errors: the first that a piece throws; others may be left
    // undone.
    template <class Work>
    void share(std::size_t pieces, const Work& work) {
        if (members_ == 1 || pieces < 2) {
            for (std::size_t piece = 0; piece < pieces; ++piece) work(piece, 0);
            return;
        }
        run(
            pieces,
            [](const void* given, std::size_t piece, std::size_t member) {
                (*static_cast<const Work*>(given))(piece, member);
            },
            &work);
    }

   private:
    using Call = void (*)(const void* work, std::size_t piece, std::size_t member);
    void run(std::size_t pieces, Call call, const void* work);

    std::size_t members_;
    Pool* pool_ = nullptr;
};

}  // namespace limpid
