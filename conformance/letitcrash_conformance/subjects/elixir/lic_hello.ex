# What the harness tells about itself. It takes the place of the Erlang module of this name.
defmodule :lic_hello do
  @moduledoc false

  @features ~w(genserver links monitors exit_signals registry supervisor dynamic_supervisor timers parallel suspend) ++
              ~w(nested_call error_text)

  @modules [DynamicSupervisor, Enum, Enumerable, Enumerable.List, Enumerable.Map, Exception, GenServer, Keyword, List] ++
             [Map, Process, RuntimeError, String, Supervisor, System, :gen, :gen_server, :proc_lib, :supervisor, :sys] ++
             [:timer, :lic_dynamic, :lic_static]

  # What the servers under test run through.
  def modules, do: @modules

  # Whether a feature of the protocol is offered.
  def offers("auto_shutdown"), do: auto_shutdown?()
  def offers(feature), do: feature in @features

  def hello do
    %{
      "protocol" => 1,
      "name" => "elixir",
      "version" => version(),
      "language" => "elixir",
      "backends" => ["process"],
      "default_backend" => "process",
      "clock" => "wall",
      "time_unit_ms" => 1000,
      "wall_grain_ms" => 100,
      "settle" => true,
      "features" => if(auto_shutdown?(), do: ["auto_shutdown" | @features], else: @features)
    }
  end

  # An older Elixir drops this option without a word.
  defp auto_shutdown? do
    {:ok, {flags, []}} = Supervisor.init([], strategy: :one_for_one, auto_shutdown: :any_significant)
    is_map_key(flags, :auto_shutdown)
  end

  defp version do
    _ = :application.load(:elixir)
    {:ok, version} = :application.get_key(:elixir, :vsn)
    "#{version} on OTP #{:erlang.system_info(:otp_release)}"
  end
end
