#include "engine/lane.h"

#include <algorithm>
#include <utility>

#include "engine/error.h"
#include "engine/thread_pool.h"

namespace tubelet::engine {

struct Lane::Entry {
  explicit Entry(Job work) : job(std::move(work)) {}

  Job job;
  State state = State::Waiting;
  std::exception_ptr givenUp;  ///< why, when it was cancelled or disposed of while a stage was running
};

namespace {

std::exception_ptr disposedError() {
  return std::make_exception_ptr(
      Error(ErrorCode::Disposed, "The model has been disposed of. Load it again to go on using it."));
}

/// Runs one stage; what it throws is its outcome.
std::exception_ptr attempt(const std::function<void(const CancelToken&)>& stage, const CancelToken& token) {
  try {
    token.check();
    if (stage) stage(token);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

std::shared_ptr<Lane> Lane::create(ThreadPool& decode, ThreadPool& compute, Options options) {
  struct Constructible : Lane {  // make_shared cannot reach a private constructor
    Constructible(ThreadPool& first, ThreadPool& second, Options rest) : Lane(first, second, std::move(rest)) {}
  };
  return std::make_shared<Constructible>(decode, compute, std::move(options));
}

Lane::Lane(ThreadPool& decode, ThreadPool& compute, Options options)
    : decode_(decode), compute_(compute), options_(std::move(options)) {}

Lane::Ticket Lane::admit(Job job) {
  auto ticket = std::make_shared<Entry>(std::move(job));

  const Lock lock(mutex_);
  if (disposed_) std::rethrow_exception(disposedError());
  if (queue_.size() > options_.maxQueue) {
    throw Error(ErrorCode::Busy,
                "The queue is full: " + std::to_string(options_.maxQueue) +
                    " calls (maxQueue) are waiting already. Make the next call when an earlier one has "
                    "settled" +
                    options_.remedy + ".");
  }
  queue_.push_back(ticket);
  ++count(ticket->state);
  requestTurns();
  return ticket;
}

void Lane::cancel(const Ticket& ticket) {
  Lock lock(mutex_);
  std::vector<Verdict> settled;
  giveUp(ticket, std::make_exception_ptr(Cancelled()), settled);
  settle(std::move(lock), std::move(settled));
}

void Lane::cancelAll() {
  Lock lock(mutex_);
  std::vector<Verdict> settled;
  const std::deque<Ticket> all = queue_;
  for (const Ticket& ticket : all) giveUp(ticket, std::make_exception_ptr(Cancelled()), settled);
  settle(std::move(lock), std::move(settled));
}

void Lane::dispose(std::function<void()> idle) {
  Lock lock(mutex_);
  disposed_ = true;
  if (idle) idleCallbacks_.push_back(std::move(idle));

  std::vector<Verdict> settled;
  const std::deque<Ticket> all = queue_;
  for (const Ticket& ticket : all) {
    const bool served = ticket == all.front() && ticket->state != State::Waiting;
    if (!served) giveUp(ticket, disposedError(), settled);
  }
  settle(std::move(lock), std::move(settled));
}

void Lane::waitIdle() {
  Lock lock(mutex_);
  becameIdle_.wait(lock, [this] { return idle(); });
}

/// Takes a job out of the queue for good; appends it to `settled` unless one of its stages is running.
void Lane::giveUp(const Ticket& ticket, const std::exception_ptr& why, std::vector<Verdict>& settled) {
  if (ticket->state == State::Settled || ticket->givenUp) return;
  ticket->job.token->cancel();
  std::erase(queue_, ticket);
  if (ticket->state == State::Ingesting || ticket->state == State::Inferring) {
    ticket->givenUp = why;
    return;
  }
  enter(ticket, State::Settled);
  settled.push_back({ticket, why});
}

void Lane::enter(const Ticket& ticket, State state) {
  --count(ticket->state);
  ticket->state = state;
  ++count(state);
}

/// Asks the pools for as many turns as there is work that may begin. Called after every change. Jobs are begun in their
/// order, those without an ingest stage too: jobs behind the oldest can then never take the room that it needs.
void Lane::requestTurns() {
  const std::size_t taken = count(State::Ingesting) + count(State::Ready);
  const std::size_t room = options_.ahead > taken ? options_.ahead - taken : 0;
  const std::size_t wanted = std::min(room, count(State::Waiting));
  for (; ingestTurns_ < wanted; ++ingestTurns_) {
    decode_.submit([self = shared_from_this()] { self->ingestTurn(); });
  }
  if (!inferTurnRequested_ && count(State::Inferring) == 0 && !queue_.empty() &&
      queue_.front()->state == State::Ready) {
    inferTurnRequested_ = true;
    compute_.submit([self = shared_from_this()] { self->inferTurn(); });
  }
}

void Lane::ingestTurn() {
  Lock lock(mutex_);
  --ingestTurns_;
  const auto next = std::ranges::find(queue_, State::Waiting, &Entry::state);
  if (next == queue_.end() || count(State::Ingesting) + count(State::Ready) >= options_.ahead) return;

  const Ticket ticket = *next;
  enter(ticket, State::Ingesting);
  ++running_;
  lock.unlock();
  auto outcome = attempt(ticket->job.ingest, *ticket->job.token);
  const bool last = !ticket->job.infer;
  lock.lock();
  endStage(std::move(lock), ticket, std::move(outcome), last);
}

void Lane::inferTurn() {
  Lock lock(mutex_);
  inferTurnRequested_ = false;
  if (count(State::Inferring) != 0 || queue_.empty() || queue_.front()->state != State::Ready) return;

  const Ticket ticket = queue_.front();
  enter(ticket, State::Inferring);
  ++running_;
  requestTurns();  // there is room to ingest one more
  lock.unlock();
  auto outcome = attempt(ticket->job.infer, *ticket->job.token);
  lock.lock();
  endStage(std::move(lock), ticket, std::move(outcome), true);
}

void Lane::endStage(Lock lock, const Ticket& ticket, std::exception_ptr outcome, bool last) {
  --running_;
  std::vector<Verdict> settled;
  if (ticket->givenUp || outcome || last) {
    std::erase(queue_, ticket);
    enter(ticket, State::Settled);
    settled.push_back({ticket, ticket->givenUp ? ticket->givenUp : std::move(outcome)});
  } else {
    enter(ticket, State::Ready);
  }
  settle(std::move(lock), std::move(settled));
}

/// Tells jobs that have left the queue how they went and lets go of what they own. Only then may the lane be idle:
/// whoever waits for that takes away what jobs and their callbacks refer to.
void Lane::settle(Lock lock, std::vector<Verdict> verdicts) {
  requestTurns();
  ++running_;
  lock.unlock();
  for (Verdict& verdict : verdicts) {
    const Job job = std::exchange(verdict.ticket->job, Job{});
    job.settle(std::move(verdict.outcome));
  }
  lock.lock();
  --running_;

  // Again while there are any: a dispose() that came while some ran found the lane busy with them.
  while (disposed_ && idle() && !idleCallbacks_.empty()) {
    const auto callbacks = std::exchange(idleCallbacks_, {});
    ++running_;
    lock.unlock();
    for (const auto& callback : callbacks) callback();
    lock.lock();
    --running_;
  }
  if (idle()) becameIdle_.notify_all();
}

}  // namespace tubelet::engine
