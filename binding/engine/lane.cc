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
  std::exception_ptr givenUp;   ///< why, when it was cancelled or disposed of while a stage was running
  Clock::time_point readyAt;    ///< when it became Ready
  std::shared_ptr<Group> pass;  ///< while Inferring
};

/// Those who share a forward pass.
struct Lane::Group {
  CancelToken token;
  std::size_t wanted = 0;  ///< how many of them have not been given up
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
    const bool served = ticket->state == State::Inferring || (ticket == all.front() && ticket->state != State::Waiting);
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
    if (ticket->pass && --ticket->pass->wanted == 0) ticket->pass->token.cancel();
    return;
  }
  enter(ticket, State::Settled);
  settled.push_back({ticket, why});
}

void Lane::enter(const Ticket& ticket, State state) {
  --count(ticket->state);
  ticket->state = state;
  ++count(state);
  ingestTime_.set(count(State::Ingesting));
}

Lane::Load Lane::load() {
  const Lock lock(mutex_);
  return {.waiting = count(State::Waiting),
          .ingesting = count(State::Ingesting),
          .ready = count(State::Ready),
          .inferring = count(State::Inferring),
          .ingestMs = ingestTime_.milliseconds(),
          .inferMs = inferTime_.milliseconds()};
}

/// Asks the pools for as many turns as there is work that may begin. Called after every change. Jobs are begun in their
/// order, those without an ingest stage too: jobs behind the oldest can then never take the room that it needs.
void Lane::requestTurns() {
  const std::size_t toIngest = std::min(roomToIngest(), count(State::Waiting));
  for (; ingestTurns_ < toIngest; ++ingestTurns_) {
    decode_.submit([self = shared_from_this()] { self->ingestTurn(); });
  }
  const std::size_t toInfer = passesToBegin();
  for (; inferTurns_ < toInfer; ++inferTurns_) {
    compute_.submit([self = shared_from_this()] { self->inferTurn(); });
  }
  changed_.notify_all();
}

std::size_t Lane::roomToIngest() {
  const std::size_t ingesting = count(State::Ingesting);
  const std::size_t taken = ingesting + count(State::Ready);
  if (taken >= options_.ahead || ingesting >= options_.ingesting) return 0;
  return std::min(options_.ahead - taken, options_.ingesting - ingesting);
}

std::size_t Lane::passesToBegin() {
  if (passes_ >= options_.inferring) return 0;
  const std::size_t ready = options_.ordered ? nextPass().size() : count(State::Ready);
  return std::min(options_.inferring - passes_, (ready + options_.maxBatch - 1) / options_.maxBatch);
}

void Lane::ingestTurn() {
  Lock lock(mutex_);
  --ingestTurns_;
  const auto next = std::ranges::find(queue_, State::Waiting, &Entry::state);
  if (next == queue_.end() || roomToIngest() == 0) return;

  const Ticket ticket = *next;
  enter(ticket, State::Ingesting);
  ++running_;
  lock.unlock();
  auto outcome = attempt(ticket->job.ingest, *ticket->job.token);
  const bool last = !ticket->job.infer;
  lock.lock();
  endStages(std::move(lock), {ticket}, {std::move(outcome)}, last);
}

/// The jobs that would be inferred now: the oldest that may, and those behind it that may share its pass.
Lane::Pass Lane::nextPass() {
  Pass pass;
  for (const Ticket& ticket : queue_) {
    const bool joins = ticket->state == State::Ready && (pass.empty() || ticket->job.batchable);
    if (joins) {
      pass.push_back(ticket);
      if (pass.size() == options_.maxBatch || !ticket->job.batchable) break;
    } else if (options_.ordered && ticket->state != State::Inferring) {
      break;
    }
  }
  return pass;
}

/// The same, once it has filled up or its jobs have waited for others long enough.
Lane::Pass Lane::gatherPass(Lock& lock) {
  Pass pass = nextPass();
  if (pass.empty()) return pass;
  const auto since = std::ranges::min(pass, {}, &Entry::readyAt)->readyAt;
  changed_.wait_until(lock, since + options_.maxDelay, [&] {
    pass = nextPass();
    return disposed_ || pass.empty() || pass.size() == options_.maxBatch || !pass.front()->job.batchable;
  });
  return pass;
}

void Lane::inferTurn() {
  Lock lock(mutex_);
  const Pass pass = gatherPass(lock);
  --inferTurns_;
  if (pass.empty() || passes_ >= options_.inferring) return;

  const auto group = std::make_shared<Group>();
  group->wanted = pass.size();
  for (const Ticket& ticket : pass) {
    enter(ticket, State::Inferring);
    ticket->pass = group;
  }
  inferTime_.set(++passes_);
  ++running_;
  requestTurns();  // there is room to ingest more
  lock.unlock();
  auto outcomes = infer(pass, group->token);
  lock.lock();
  inferTime_.set(--passes_);
  endStages(std::move(lock), pass, std::move(outcomes), true);
}

/// Runs the infer stage of each job of a pass, in one go where that succeeds.
std::vector<std::exception_ptr> Lane::infer(const Pass& pass, const CancelToken& together) {
  std::vector<std::exception_ptr> outcomes(pass.size());
  if (pass.size() > 1) {
    std::vector<Batchable*> jobs;
    for (std::size_t i = 0; i < pass.size(); ++i) {
      outcomes[i] = attempt({}, *pass[i]->job.token);
      if (!outcomes[i]) jobs.push_back(pass[i]->job.batchable.get());
    }
    if (jobs.empty()) return outcomes;
    const auto inferAll = [&jobs](const CancelToken& token) { jobs.front()->inferTogether(jobs, token); };
    if (!attempt(inferAll, together)) return outcomes;
  }
  for (std::size_t i = 0; i < pass.size(); ++i) {
    if (!outcomes[i]) outcomes[i] = attempt(pass[i]->job.infer, *pass[i]->job.token);
  }
  return outcomes;
}

/// One stage of these jobs, or the pass that they shared, has returned.
void Lane::endStages(Lock lock, const Pass& tickets, std::vector<std::exception_ptr> outcomes, bool last) {
  --running_;
  std::vector<Verdict> settled;
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const Ticket& ticket = tickets[i];
    if (ticket->givenUp || outcomes[i] || last) {
      std::erase(queue_, ticket);
      enter(ticket, State::Settled);
      settled.push_back({ticket, ticket->givenUp ? ticket->givenUp : std::move(outcomes[i])});
    } else {
      ticket->readyAt = Clock::now();
      enter(ticket, State::Ready);
    }
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
