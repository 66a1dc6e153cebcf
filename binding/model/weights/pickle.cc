#include "model/weights/pickle.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "model/weights/file.h"
#include "model/weights/pickle_opcodes.h"

namespace tubelet::model {

namespace {

constexpr std::size_t kMaxDimensions = 16;
constexpr std::size_t kMaxStorageName = 64;

enum class Callable { OrderedDict, RebuildTensor, RebuildParameter };

enum class Kind : std::uint8_t { None, Bool, Int, Text, Tuple, List, Dict, Callable, StorageType, Storage, Tensor };

/// What lies on the stack: small, and copied freely. Whatever does not fit into `number` lies in one of the machine's
/// pools, and `number` is its index there; a pickle that makes objects contain one another thus makes no cycle of
/// owners, and deep nesting no deep recursion.
struct Value {
  Kind kind = Kind::None;
  std::int64_t number = 0;
};

struct Storage {
  at::ScalarType type = at::kFloat;
  std::string name;
  std::int64_t elements = 0;
};

std::optional<at::ScalarType> storageType(std::string_view name) {
  static constexpr std::pair<std::string_view, at::ScalarType> kTypes[] = {
      {"DoubleStorage", at::kDouble},     {"FloatStorage", at::kFloat}, {"HalfStorage", at::kHalf},
      {"BFloat16Storage", at::kBFloat16}, {"LongStorage", at::kLong},   {"IntStorage", at::kInt},
      {"ShortStorage", at::kShort},       {"CharStorage", at::kChar},   {"ByteStorage", at::kByte},
      {"BoolStorage", at::kBool},
  };
  for (const auto& [key, type] : kTypes) {
    if (key == name) return type;
  }
  return std::nullopt;
}

class StackMachine {
 public:
  StackMachine(std::span<const std::uint8_t> code, const std::string& path) : code_(code), path_(path) {}

  std::vector<PickledTensor> run() {
    while (step()) {
    }
    return result(pop());
  }

 private:
  using Pair = std::pair<Value, Value>;

  [[noreturn]] void fail(const std::string& what) const {
    throw invalidFile(path_,
                      "data.pkl " + what +
                          " Nothing in it was executed. Save the weights again with torch.save(model.state_dict(), "
                          "...), or better as safetensors.");
  }

  // The code.

  std::span<const std::uint8_t> take(std::size_t bytes) {
    if (bytes > code_.size() - position_) fail("ends in the middle of an opcode.");
    const auto part = code_.subspan(position_, bytes);
    position_ += bytes;
    return part;
  }

  std::uint64_t littleEndian(std::size_t bytes) {
    std::uint64_t number = 0;
    const auto part = take(bytes);
    for (std::size_t i = 0; i < bytes; ++i) number |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    return number;
  }

  std::string text(std::size_t bytes) {
    const auto part = take(bytes);
    return {part.begin(), part.end()};
  }

  std::string line() {
    const auto rest = code_.subspan(position_);
    const auto end = std::find(rest.begin(), rest.end(), '\n');
    if (end == rest.end()) fail("ends in the middle of a name.");
    std::string name(rest.begin(), end);
    position_ += name.size() + 1;
    return name;
  }

  // The stack.

  void push(Kind kind, std::int64_t number = 0) { stack_.push_back({kind, number}); }

  template <typename Item>
  void push(Kind kind, std::vector<Item>& pool, Item item) {
    pool.push_back(std::move(item));
    push(kind, static_cast<std::int64_t>(pool.size() - 1));
  }

  /// The lowest position that may be popped: values below the last mark belong to whoever set it.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Value pop() {
    if (stack_.size() <= floor()) fail("takes more from its stack than is there.");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }

  Value pop(Kind kind, const char* what) { return expect(pop(), kind, what); }

  Value expect(const Value& value, Kind kind, const char* what) const {
    if (value.kind != kind) fail(std::string("has something else where ") + what + " is expected.");
    return value;
  }

  const Value& top(Kind kind, const char* what) {
    if (stack_.size() <= floor()) fail("takes more from its stack than is there.");
    expect(stack_.back(), kind, what);
    return stack_.back();
  }

  std::vector<Value> popToMark() {
    if (marks_.empty()) fail("has no mark where one is expected.");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    marks_.pop_back();
    std::vector<Value> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return values;
  }

  void tuple(std::size_t count) {
    std::vector<Value> values(count);
    for (std::size_t i = count; i > 0; --i) values[i - 1] = pop();
    push(Kind::Tuple, sequences_, std::move(values));
  }

  void remember(std::uint64_t slot) {
    if (stack_.size() <= floor()) fail("stores a value where there is none.");
    memo_[slot] = stack_.back();
  }

  void recall(std::uint64_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) fail("recalls a value that it never stored.");
    stack_.push_back(found->second);
  }

  template <typename Item>
  static Item& at(std::vector<Item>& pool, const Value& value) {
    return pool[static_cast<std::size_t>(value.number)];
  }

  // The opcodes.

  /// False at STOP.
  bool step() {
    const std::uint8_t code = take(1)[0];
    switch (static_cast<Opcode>(code)) {
      case Opcode::Stop:
        return false;
      case Opcode::Proto:
        if (const std::uint8_t version = take(1)[0]; version > 3) {
          fail("is written in pickle protocol " + std::to_string(version) + "; torch.save's default is 2.");
        }
        break;
      case Opcode::None:
        push(Kind::None);
        break;
      case Opcode::NewTrue:
        push(Kind::Bool, 1);
        break;
      case Opcode::NewFalse:
        push(Kind::Bool, 0);
        break;
      case Opcode::BinInt:
        push(Kind::Int, static_cast<std::int32_t>(littleEndian(4)));
        break;
      case Opcode::BinInt1:
        push(Kind::Int, static_cast<std::int64_t>(littleEndian(1)));
        break;
      case Opcode::BinInt2:
        push(Kind::Int, static_cast<std::int64_t>(littleEndian(2)));
        break;
      case Opcode::Long1:
        push(Kind::Int, longInteger(littleEndian(1)));
        break;
      case Opcode::BinUnicode:
        push(Kind::Text, texts_, text(littleEndian(4)));
        break;
      case Opcode::EmptyTuple:
        push(Kind::Tuple, sequences_, {});
        break;
      case Opcode::Tuple1:
        tuple(1);
        break;
      case Opcode::Tuple2:
        tuple(2);
        break;
      case Opcode::Tuple3:
        tuple(3);
        break;
      case Opcode::Mark:
        marks_.push_back(stack_.size());
        break;
      case Opcode::Tuple:
        push(Kind::Tuple, sequences_, popToMark());
        break;
      case Opcode::EmptyList:
        push(Kind::List, sequences_, {});
        break;
      case Opcode::Append:
        append({pop()});
        break;
      case Opcode::Appends:
        append(popToMark());
        break;
      case Opcode::EmptyDict:
        push(Kind::Dict, dicts_, {});
        break;
      case Opcode::SetItem: {
        const Value value = pop();
        setItems({pop(), value});
        break;
      }
      case Opcode::SetItems:
        setItems(popToMark());
        break;
      case Opcode::BinPut:
        remember(littleEndian(1));
        break;
      case Opcode::LongBinPut:
        remember(littleEndian(4));
        break;
      case Opcode::BinGet:
        recall(littleEndian(1));
        break;
      case Opcode::LongBinGet:
        recall(littleEndian(4));
        break;
      case Opcode::Global:
        global();
        break;
      case Opcode::Reduce:
        reduce();
        break;
      case Opcode::BinPersId:
        persistentId();
        break;
      case Opcode::Build:  // an OrderedDict's attributes: _metadata, the modules' versions
        pop();
        top(Kind::Dict, "a dict");
        break;
      default:
        fail("contains the opcode " + opcodeText(code) + ", which no state_dict needs.");
    }
    return true;
  }

  /// `bytes` bytes of two's complement, little-endian.
  std::int64_t longInteger(std::size_t bytes) {
    if (bytes > 8) fail("contains an integer that no tensor needs.");
    if (bytes == 0) return 0;
    const auto unused = static_cast<unsigned>(64 - 8 * bytes);
    return static_cast<std::int64_t>(littleEndian(bytes) << unused) >> unused;
  }

  void append(const std::vector<Value>& values) {
    auto& list = at(sequences_, top(Kind::List, "a list"));
    list.insert(list.end(), values.begin(), values.end());
  }

  void setItems(const std::vector<Value>& values) {
    if (values.size() % 2 != 0) fail("sets a key without a value.");
    auto& dict = at(dicts_, top(Kind::Dict, "a dict"));
    for (std::size_t i = 0; i < values.size(); i += 2) dict.emplace_back(values[i], values[i + 1]);
  }

  void global() {
    const std::string module = line();
    const std::string name = line();
    const auto callable = [&](Callable what) { push(Kind::Callable, static_cast<std::int64_t>(what)); };
    if (module == "collections" && name == "OrderedDict") return callable(Callable::OrderedDict);
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") return callable(Callable::RebuildTensor);
    if (module == "torch._utils" && name == "_rebuild_parameter") return callable(Callable::RebuildParameter);
    const std::optional<at::ScalarType> type = module == "torch" ? storageType(name) : std::nullopt;
    if (!type) fail("asks for \"" + module + "." + name + "\", which no state_dict needs.");
    push(Kind::StorageType, static_cast<std::int64_t>(*type));
  }

  void reduce() {
    const std::vector<Value>& arguments = at(sequences_, pop(Kind::Tuple, "a call's tuple of arguments"));
    switch (static_cast<Callable>(pop(Kind::Callable, "a callable").number)) {
      case Callable::OrderedDict:
        if (!arguments.empty()) fail("makes an OrderedDict in a way that torch.save does not.");
        return push(Kind::Dict, dicts_, {});
      case Callable::RebuildTensor:
        return rebuildTensor(arguments);
      case Callable::RebuildParameter:  // (tensor, requires_grad, hooks)
        if (arguments.empty()) fail("makes a parameter of nothing.");
        stack_.push_back(expect(arguments[0], Kind::Tensor, "a tensor"));
    }
  }

  /// (storage, offset, size, stride, requires_grad, hooks) and in newer versions some metadata.
  void rebuildTensor(const std::vector<Value>& arguments) {
    if (arguments.size() < 4) fail("makes a tensor of too few arguments.");
    const Storage& storage = at(storages_, expect(arguments[0], Kind::Storage, "a storage"));
    PickledTensor tensor;
    tensor.entry.type = storage.type;
    tensor.entry.shape = integers(arguments[2], "a tensor's shape");
    tensor.storage = storage.name;
    tensor.storageElements = storage.elements;
    tensor.offset = expect(arguments[1], Kind::Int, "a tensor's offset").number;
    tensor.strides = integers(arguments[3], "a tensor's strides");
    push(Kind::Tensor, tensors_, std::move(tensor));
  }

  std::vector<std::int64_t> integers(const Value& value, const char* what) {
    const std::vector<Value>& values = at(sequences_, expect(value, Kind::Tuple, what));
    if (values.size() > kMaxDimensions) fail("has a tensor with too many dimensions.");
    std::vector<std::int64_t> numbers;
    for (const Value& number : values) numbers.push_back(expect(number, Kind::Int, what).number);
    return numbers;
  }

  /// ('storage', storage type, record name, device, number of elements)
  void persistentId() {
    const std::vector<Value>& id = at(sequences_, pop(Kind::Tuple, "a storage's tuple"));
    if (id.size() != 5 || at(texts_, expect(id[0], Kind::Text, "\"storage\"")) != "storage") {
      fail("refers to something that is not a storage.");
    }
    Storage storage;
    storage.type = static_cast<at::ScalarType>(expect(id[1], Kind::StorageType, "a storage's type").number);
    const std::string& name = at(texts_, expect(id[2], Kind::Text, "a storage's name"));
    if (name.size() > kMaxStorageName) fail("has a storage with a name of " + std::to_string(name.size()) + " bytes.");
    storage.name = name;
    storage.elements = expect(id[4], Kind::Int, "a storage's size").number;
    push(Kind::Storage, storages_, std::move(storage));
  }

  std::vector<PickledTensor> result(const Value& value) {
    if (value.kind != Kind::Dict) fail("holds no dict of tensors.");
    std::vector<PickledTensor> tensors;
    std::unordered_set<std::string_view> names;
    for (const auto& [key, item] : at(dicts_, value)) {
      const std::string& name = at(texts_, expect(key, Kind::Text, "a tensor's name"));
      if (item.kind != Kind::Tensor) {
        fail("holds \"" + name + "\", which is not a tensor: this is a whole training state rather than a state_dict.");
      }
      if (!names.insert(name).second) fail("holds \"" + name + "\" twice.");
      tensors.push_back(at(tensors_, item));
      tensors.back().entry.name = name;
    }
    return tensors;
  }

  std::span<const std::uint8_t> code_;
  const std::string& path_;
  std::size_t position_ = 0;

  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;  ///< sizes of the stack
  std::unordered_map<std::uint64_t, Value> memo_;

  std::vector<std::string> texts_;
  std::vector<std::vector<Value>> sequences_;  ///< tuples and lists
  std::vector<std::vector<Pair>> dicts_;
  std::vector<Storage> storages_;
  std::vector<PickledTensor> tensors_;
};

}  // namespace

std::vector<PickledTensor> readStateDict(std::span<const std::uint8_t> pickle, const std::string& path) {
  return StackMachine(pickle, path).run();
}

}  // namespace tubelet::model
