#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/busy_time.h"
#include "engine/cancellation.h"

namespace tubelet::engine {

class ThreadPool;

/// A forward pass that may be made together with those of other jobs.
class Batchable {
 public:
  Batchable() = default;
  Batchable(const Batchable&) = delete;
  Batchable& operator=(const Batchable&) = delete;
  virtual ~Batchable() = default;

  /// One pass for all of `jobs`, of which this is the first; they are of one lane, and so of one class. `token` is
  /// cancelled when nobody waits for any of them any more. Where it throws, the lane infers them one by one.
  virtual void inferTogether(std::span<Batchable* const> jobs, const CancelToken& token) = 0;
};

/// The queue of one model. A job has two stages: `ingest` (read, decode and prepare a clip; on the decode pool) and
/// `infer` (the forward pass; on the compute pool). The oldest job is the one being served; jobs are inferred in the
/// order they were admitted, one at a time, while those behind are being ingested. A lane for batches infers several at
/// a time, and several in one pass; unless it is `ordered`, a clip that takes long to read holds up no other.
///
///              +------------------- cancel, dispose -------------------+
///              |                                                       v
///   admit -> Waiting -> Ingesting -> Ready -> Inferring ----------> Settled
///                           |          (no infer stage) ---------------^
///                           +------ stage threw, or was given up ------+
///
/// - A job is settled exactly once, and only when none of its stages is running: what it refers to may go then.
/// - Waiting and Ready jobs settle at once when they are cancelled or disposed of; jobs that wait to share a pass are
///   Ready. A stage that is running is told through the job's token, and the job settles when the stage returns; it
///   gives up its place in the queue at once.
/// - A stage that throws settles its own job with the exception, and no other: where a shared pass throws, each of its
///   jobs is inferred alone. A shared pass is told to stop when all of its jobs have been given up.
/// - At most `ahead` jobs are Ingesting or Ready, so that decoded clips do not pile up in front of a slow model.
/// - A job may be followed by others of the same call, one at a time: `next` makes the job after this one once this one
///   is ingested, so that each is ingested while the one before it is inferred. It goes to the end of the queue, behind
///   the calls that came meanwhile. The call is one for cancel() and for `maxQueue`, and settles once, with the first
///   exception or when all of its jobs are over.
/// - Stages are not handed to the pools; turns are. A turn takes whichever job is next when it comes, so that a
///   cancelled job has nothing left in a pool that somebody would have to wait for.
///
/// Thread-safe. Must be idle before the pools go; the pools may hold turns, and so the lane itself, a little longer.
class Lane : public std::enable_shared_from_this<Lane> {
  struct Call;
  struct Entry;
  struct Group;

 public:
  struct Options {
    std::size_t maxQueue = 64;  ///< jobs that may wait behind the one being served
    std::size_t ahead = 1;      ///< jobs ingesting or ingested and not yet inferred; at least 1
    std::string remedy;         ///< what else helps against BUSY, as the end of its sentence: ", or ..."
    bool ordered = true;        ///< whether passes begin in the order of admission; else the oldest ready job is next
    std::size_t ingesting = std::numeric_limits<std::size_t>::max();  ///< jobs ingesting at once; at least 1
    std::size_t inferring = 1;                                        ///< passes at once; at least 1
    std::size_t maxBatch = 1;                                         ///< jobs in one pass; at least 1
    std::chrono::milliseconds maxDelay{0};  ///< how long a ready job may wait for others to share its pass with
  };

  struct Job {
    std::function<void(const CancelToken&)> ingest;  ///< may be empty: the job is then ready as soon as its turn comes
    std::function<void(const CancelToken&)> infer;   ///< may be empty; the job then settles out of turn
    std::shared_ptr<Batchable> batchable;            ///< empty: `infer` alone is how the job is inferred
    /// The job that follows, or null after the last; may be empty. Called like a part of `ingest`, after it. Of a job
    /// that follows neither `settle` nor `token` matters: the call has those of its first.
    std::function<std::unique_ptr<Job>()> next = {};
    /// Told how it went: nothing, or what a stage threw, or Cancelled, or Error(DISPOSED). Called on any thread, that
    /// of admit(), cancel() and dispose() included, with no lock held. Must not throw.
    std::function<void(std::exception_ptr)> settle;
    CancelTokenPtr token = std::make_shared<CancelToken>();
  };

  /// What a lane is at.
  struct Load {
    std::size_t waiting = 0;
    std::size_t ingesting = 0;
    std::size_t ready = 0;
    std::size_t inferring = 0;  ///< jobs, not passes
    double ingestMs = 0;        ///< time that threads have spent in each stage, in all
    double inferMs = 0;
  };
  using Ticket = std::shared_ptr<Call>;

  static std::shared_ptr<Lane> create(ThreadPool& decode, ThreadPool& compute, Options options);

  /// Throws Error: BUSY when `maxQueue` jobs wait already, DISPOSED after dispose(). The job is then not settled.
  Ticket admit(Job job);

  /// Legal in every state. The job settles with Cancelled unless it has settled already.
  void cancel(const Ticket& ticket);
  void cancelAll();

  /// What is being inferred goes on, and so does the oldest job once it has begun, unless others of its call are to
  /// follow; the rest settles with Error(DISPOSED), admit() refuses. `idle`, which may be empty, is called once when
  /// nothing runs any more, maybe before this returns. A long queue settles on a thread of the decode pool. Legal any
  /// number of times.
  void dispose(std::function<void()> idle);

  /// Blocks until no job is left and no stage or callback is running. Not to be called from a stage or a callback.
  void waitIdle();

  Load load();

 private:
  enum class State : std::size_t { Waiting, Ingesting, Ready, Inferring, Settled };
  static constexpr std::size_t kStates = 5;

  using EntryPtr = std::shared_ptr<Entry>;
  /// Of lists, from whose middle a job is taken as quickly as from their ends.
  using Queue = std::list<EntryPtr>;

  /// A call that is over, and how it went.
  struct Verdict {
    Ticket call;
    std::exception_ptr outcome;
  };
  /// What is to be told, and let go of, without the lock.
  struct Ended {
    std::vector<Verdict> verdicts;
    std::vector<Job> jobs;
  };
  using Lock = std::unique_lock<std::mutex>;
  /// The jobs of one forward pass.
  using Pass = std::vector<EntryPtr>;
  using Clock = std::chrono::steady_clock;

  Lane(ThreadPool& decode, ThreadPool& compute, Options options);

  void requestTurns();
  std::size_t roomToIngest();
  std::size_t passesToBegin();
  void ingestTurn();
  void inferTurn();
  Pass nextPass();
  Pass gatherPass(Lock& lock);
  static std::vector<std::exception_ptr> infer(const Pass& pass, const CancelToken& together);
  void endStages(Lock lock, const Pass& entries, std::vector<std::exception_ptr> outcomes, bool last,
                 std::unique_ptr<Job> next = nullptr);
  void enqueue(const Ticket& call, Job job);
  static void leaveQueue(Entry& entry);
  std::vector<EntryPtr> queued() const;
  void giveUpWaiting(const std::exception_ptr& why, Ended& ended);
  void giveUpRest(const std::exception_ptr& why);
  void giveUp(const Ticket& call, const std::exception_ptr& why, Ended& ended);
  void retire(const EntryPtr& entry, Ended& ended);
  void settle(Lock lock, Ended ended);

  void enter(const EntryPtr& entry, State state);
  std::size_t& count(State state) { return counts_[static_cast<std::size_t>(state)]; }
  bool idle() const { return begun_.empty() && waiting_.empty() && running_ == 0; }

  ThreadPool& decode_;
  ThreadPool& compute_;
  const Options options_;

  std::mutex mutex_;
  std::condition_variable becameIdle_;
  // Neither settled nor given up, oldest first. Jobs are begun in their order, so that all in `begun_` are older.
  Queue begun_;
  Queue waiting_;
  std::size_t calls_ = 0;                      ///< to which those belong
  std::array<std::size_t, kStates> counts_{};  ///< jobs in each state, given-up ones included
  std::size_t running_ = 0;                    ///< stages, passes and callbacks that run
  std::size_t passes_ = 0;                     ///< forward passes that run
  std::size_t ingestTurns_ = 0;                ///< turns that a pool holds
  std::size_t inferTurns_ = 0;                 ///< the same, those that wait for a pass to fill up included
  std::condition_variable changed_;            ///< for those
  BusyTime ingestTime_;
  BusyTime inferTime_;
  bool disposed_ = false;
  std::vector<std::function<void()>> idleCallbacks_;
};

}  // namespace tubelet::engine
