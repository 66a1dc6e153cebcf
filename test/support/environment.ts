const variables = [
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_HOME',
  'XDG_CACHE_HOME',
  'HF_TOKEN',
  'HUGGING_FACE_HUB_TOKEN',
  'HF_TOKEN_PATH',
  'HF_ENDPOINT',
  'HF_HUB_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'TUBELET_MODEL',
  'HOME',
];

/** Each test begins without Hugging Face's variables and may set them; afterwards they are as before. */
export function ownEnvironment(home: () => string): void {
  const before = new Map<string, string | undefined>();

  beforeEach(() => {
    for (const name of variables) before.set(name, process.env[name]);
    for (const name of variables) Reflect.deleteProperty(process.env, name);
    process.env['HOME'] = home();
  });

  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });
}
