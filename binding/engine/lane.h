#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/cancellation.h"

namespace tubelet::engine {

class ThreadPool;

/// The queue of one model. A job has two stages: `ingest` (read, decode and prepare a clip; on the decode pool) and
/// `infer` (the forward pass; on the compute pool). The oldest job is the one being served; jobs are inferred in the
/// order they were admitted, one at a time, while those behind are being ingested.
///
///              +------------------- cancel, dispose -------------------+
///              |                                                       v
///   admit -> Waiting -> Ingesting -> Ready -> Inferring ----------> Settled
///                           |          (no infer stage) ---------------^
///                           +------ stage threw, or was given up ------+
///
/// - A job is settled exactly once, and only when none of its stages is running: what it refers to may go then.
/// - Waiting and Ready jobs settle at once when they are cancelled or disposed of. A stage that is running is told
///   through the job's token, and the job settles when the stage returns; it gives up its place in the queue at once.
/// - A stage that throws settles its own job with the exception, and no other.
/// - At most `ahead` jobs are Ingesting or Ready, so that decoded clips do not pile up in front of a slow model.
/// - Stages are not handed to the pools; turns are. A turn takes whichever job is next when it comes, so that a
/// cancelled
///   job has nothing left in a pool that somebody would have to wait for.
///
/// Thread-safe. Must be idle before the pools go; the pools may hold turns, and so the lane itself, a little longer.
class Lane : public std::enable_shared_from_this<Lane> {
  struct Entry;

 public:
  struct Options {
    std::size_t maxQueue = 64;  ///< jobs that may wait behind the one being served
    std::size_t ahead = 1;      ///< jobs ingesting or ingested and not yet inferred; at least 1
    std::string remedy;         ///< what else helps against BUSY, as the end of its sentence: ", or ..."
  };

  struct Job {
    std::function<void(const CancelToken&)> ingest;  ///< may be empty: the job is then ready as soon as its turn comes
    std::function<void(const CancelToken&)> infer;   ///< may be empty; the job then settles out of turn
    /// Told how it went: nothing, or what a stage threw, or Cancelled, or Error(DISPOSED). Called on any thread, that
    /// of admit(), cancel() and dispose() included, with no lock held. Must not throw.
    std::function<void(std::exception_ptr)> settle;
    CancelTokenPtr token = std::make_shared<CancelToken>();
  };
  using Ticket = std::shared_ptr<Entry>;

  static std::shared_ptr<Lane> create(ThreadPool& decode, ThreadPool& compute, Options options);

  /// Throws Error: BUSY when `maxQueue` jobs wait already, DISPOSED after dispose(). The job is then not settled.
  Ticket admit(Job job);

  /// Legal in every state. The job settles with Cancelled unless it has settled already.
  void cancel(const Ticket& ticket);
  void cancelAll();

  /// The job being served goes on, those behind it settle with Error(DISPOSED), admit() refuses. `idle`, which may be
  /// empty, is called once when nothing runs any more, maybe before this returns. Legal any number of times.
  void dispose(std::function<void()> idle);

  /// Blocks until no job is left and no stage or callback is running. Not to be called from a stage or a callback.
  void waitIdle();

 private:
  enum class State : std::size_t { Waiting, Ingesting, Ready, Inferring, Settled };
  static constexpr std::size_t kStates = 5;

  /// A job that has left the queue for good, and how it went.
  struct Verdict {
    Ticket ticket;
    std::exception_ptr outcome;
  };
  using Lock = std::unique_lock<std::mutex>;

  Lane(ThreadPool& decode, ThreadPool& compute, Options options);

  void requestTurns();
  void ingestTurn();
  void inferTurn();
  void endStage(Lock lock, const Ticket& ticket, std::exception_ptr outcome, bool last);
  void giveUp(const Ticket& ticket, const std::exception_ptr& why, std::vector<Verdict>& settled);
  void settle(Lock lock, std::vector<Verdict> verdicts);

  void enter(const Ticket& ticket, State state);
  std::size_t& count(State state) { return counts_[static_cast<std::size_t>(state)]; }
  bool idle() const { return queue_.empty() && running_ == 0; }

  ThreadPool& decode_;
  ThreadPool& compute_;
  const Options options_;

  std::mutex mutex_;
  std::condition_variable becameIdle_;
  std::deque<Ticket> queue_;                   ///< neither settled nor given up, oldest first
  std::array<std::size_t, kStates> counts_{};  ///< jobs in each state, given-up ones included
  std::size_t running_ = 0;                    ///< stages and callbacks that run
  std::size_t ingestTurns_ = 0;                ///< turns that a pool holds
  bool inferTurnRequested_ = false;
  bool disposed_ = false;
  std::vector<std::function<void()>> idleCallbacks_;
};

}  // namespace tubelet::engine
