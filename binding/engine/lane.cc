#include "engine/lane.h"

#include <algorithm>
#include <utility>

#include "engine/error.h"
#include "engine/thread_pool.h"

namespace tubelet::engine {

/// What one admit() began: a job, and those that follow it.
struct Lane::Call {
  std::function<void(std::exception_ptr)> settle;
  CancelTokenPtr token;
  std::vector<EntryPtr> entries;  ///< those that are not Settled; none once the call is over
  std::exception_ptr givenUp;     ///< why, when it failed, or was cancelled or disposed of
};

struct Lane::Entry {
  Entry(Ticket owner, Job work) : call(std::move(owner)), job(std::move(work)) {}

  Ticket call;
  Job job;
  State state = State::Waiting;
  Queue* queue = nullptr;  ///< where it is, until it has settled or been given up
  Queue::iterator place;
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
  auto call = std::make_shared<Call>();
  call->settle = std::move(job.settle);
  call->token = std::move(job.token);

  const Lock lock(mutex_);
  if (disposed_) std::rethrow_exception(disposedError());
  if (calls_ > options_.maxQueue) {
    throw Error(ErrorCode::Busy,
                "The queue is full: " + std::to_string(options_.maxQueue) +
                    " calls (maxQueue) are waiting already. Make the next call when an earlier one has "
                    "settled" +
                    options_.remedy + ".");
  }
  enqueue(call, std::move(job));
  ++calls_;
  requestTurns();
  return call;
}

void Lane::enqueue(const Ticket& call, Job job) {
  auto entry = std::make_shared<Entry>(call, std::move(job));
  call->entries.push_back(entry);
  entry->place = waiting_.insert(waiting_.end(), entry);
  entry->queue = &waiting_;
  ++count(entry->state);
}

void Lane::leaveQueue(Entry& entry) {
  if (entry.queue) std::exchange(entry.queue, nullptr)->erase(entry.place);
}

/// All of the jobs, oldest first.
std::vector<Lane::EntryPtr> Lane::queued() const {
  std::vector<EntryPtr> all(begun_.begin(), begun_.end());
  all.insert(all.end(), waiting_.begin(), waiting_.end());
  return all;
}

void Lane::cancel(const Ticket& ticket) {
  Lock lock(mutex_);
  Ended ended;
  giveUp(ticket, std::make_exception_ptr(Cancelled()), ended);
  settle(std::move(lock), std::move(ended));
}

void Lane::cancelAll() {
  Lock lock(mutex_);
  Ended ended;
  const std::exception_ptr cancelled = std::make_exception_ptr(Cancelled());
  for (const EntryPtr& entry : queued()) giveUp(entry->call, cancelled, ended);
  settle(std::move(lock), std::move(ended));
}

void Lane::dispose(std::function<void()> idle) {
  Lock lock(mutex_);
  disposed_ = true;
  if (idle) idleCallbacks_.push_back(std::move(idle));

  Ended ended;
  const std::exception_ptr why = disposedError();
  const EntryPtr oldest = begun_.empty() ? nullptr : begun_.front();
  const std::vector<EntryPtr> begun(begun_.begin(), begun_.end());
  for (const EntryPtr& entry : begun) {
    const bool served = entry->state == State::Inferring || entry == oldest;
    if (!served || entry->job.next) giveUp(entry->call, why, ended);
  }
  giveUpWaiting(why, ended);
  const bool more = !waiting_.empty();
  settle(std::move(lock), std::move(ended));
  if (more) decode_.submit([self = shared_from_this(), why] { self->giveUpRest(why); });
}

/// The oldest of the jobs that wait, no more than the caller of dispose() has time for.
void Lane::giveUpWaiting(const std::exception_ptr& why, Ended& ended) {
  constexpr std::size_t kAtATime = 256;
  for (std::size_t i = 0; i < kAtATime && !waiting_.empty(); ++i) {
    const Ticket call = waiting_.front()->call;
    giveUp(call, why, ended);
  }
}

/// After dispose(), on a thread of the pool's.
void Lane::giveUpRest(const std::exception_ptr& why) {
  for (bool more = true; more;) {
    Lock lock(mutex_);
    Ended ended;
    giveUpWaiting(why, ended);
    more = !waiting_.empty();
    settle(std::move(lock), std::move(ended));
  }
}

void Lane::waitIdle() {
  Lock lock(mutex_);
  becameIdle_.wait(lock, [this] { return idle(); });
}

/// Takes a call's jobs out of the queue for good; it is over unless a stage of one of them is running.
void Lane::giveUp(const Ticket& call, const std::exception_ptr& why, Ended& ended) {
  if (call->entries.empty() || call->givenUp) return;
  call->givenUp = why;
  call->token->cancel();
  --calls_;
  const std::vector<EntryPtr> entries = call->entries;
  for (const EntryPtr& entry : entries) {
    leaveQueue(*entry);
    if (entry->state == State::Waiting || entry->state == State::Ready) {
      retire(entry, ended);
    } else if (entry->pass && --entry->pass->wanted == 0) {
      entry->pass->token.cancel();
    }
  }
}

/// A job is over, and with the last of them its call.
void Lane::retire(const EntryPtr& entry, Ended& ended) {
  enter(entry, State::Settled);
  leaveQueue(*entry);
  ended.jobs.push_back(std::exchange(entry->job, Job{}));
  const Ticket& call = entry->call;
  std::erase(call->entries, entry);
  if (!call->entries.empty()) return;
  if (!call->givenUp) --calls_;
  ended.verdicts.push_back({call, call->givenUp});
}

void Lane::enter(const EntryPtr& entry, State state) {
  --count(entry->state);
  entry->state = state;
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
  const std::size_t toIngest = disposed_ ? 0 : std::min(roomToIngest(), count(State::Waiting));
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
  if (disposed_ || waiting_.empty() || roomToIngest() == 0) return;

  const EntryPtr entry = waiting_.front();
  begun_.splice(begun_.end(), waiting_, entry->place);
  entry->queue = &begun_;
  enter(entry, State::Ingesting);
  ++running_;
  lock.unlock();
  std::unique_ptr<Job> following;
  auto outcome = attempt(
      [&](const CancelToken& token) {
        if (entry->job.ingest) entry->job.ingest(token);
        if (entry->job.next) following = entry->job.next();
      },
      *entry->call->token);
  const bool last = !entry->job.infer;
  lock.lock();
  endStages(std::move(lock), {entry}, {std::move(outcome)}, last, std::move(following));
}

/// The jobs that would be inferred now: the oldest that may, and those behind it that may share its pass.
Lane::Pass Lane::nextPass() {
  Pass pass;
  for (const EntryPtr& entry : begun_) {
    const bool joins = entry->state == State::Ready && (pass.empty() || entry->job.batchable);
    if (joins) {
      pass.push_back(entry);
      if (pass.size() == options_.maxBatch || !entry->job.batchable) break;
    } else if (options_.ordered && entry->state != State::Inferring) {
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
  for (const EntryPtr& entry : pass) {
    enter(entry, State::Inferring);
    entry->pass = group;
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
      outcomes[i] = attempt({}, *pass[i]->call->token);
      if (!outcomes[i]) jobs.push_back(pass[i]->job.batchable.get());
    }
    if (jobs.empty()) return outcomes;
    const auto inferAll = [&jobs](const CancelToken& token) { jobs.front()->inferTogether(jobs, token); };
    if (!attempt(inferAll, together)) return outcomes;
  }
  for (std::size_t i = 0; i < pass.size(); ++i) {
    if (!outcomes[i]) outcomes[i] = attempt(pass[i]->job.infer, *pass[i]->call->token);
  }
  return outcomes;
}

/// One stage of these jobs, or the pass that they shared, has returned; `next` follows the one that was ingested.
void Lane::endStages(Lock lock, const Pass& entries, std::vector<std::exception_ptr> outcomes, bool last,
                     std::unique_ptr<Job> next) {
  --running_;
  Ended ended;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const EntryPtr& entry = entries[i];
    const Ticket& call = entry->call;
    if (outcomes[i]) giveUp(call, outcomes[i], ended);
    if (next && !call->givenUp) enqueue(call, std::move(*std::exchange(next, nullptr)));
    if (call->givenUp || last) {
      retire(entry, ended);
    } else {
      entry->job.next = nullptr;
      entry->readyAt = Clock::now();
      enter(entry, State::Ready);
    }
  }
  if (next) ended.jobs.push_back(std::move(*next));
  settle(std::move(lock), std::move(ended));
}

/// Tells calls that are over how they went and lets go of what jobs own. Only then may the lane be idle: whoever waits
/// for that takes away what jobs and their callbacks refer to.
void Lane::settle(Lock lock, Ended ended) {
  requestTurns();
  ++running_;
  lock.unlock();
  for (Verdict& verdict : ended.verdicts) {
    const auto tell = std::exchange(verdict.call->settle, nullptr);
    tell(std::move(verdict.outcome));
  }
  ended = {};
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
