#include "engine/cancellation.h"

#include "engine/error.h"

namespace tubelet {

void CancelToken::check() const {
  if (cancelled()) throw Cancelled();
  if (deadline_ && Clock::now() >= *deadline_) {
    throw Error(ErrorCode::Timeout,
                "The call ran longer than its time limit. Raise the limit, or give it a shorter clip.");
  }
}

}  // namespace tubelet
