# A static supervisor of the world: Elixir's Supervisor with a strategy and children.
defmodule :lic_static do
  @moduledoc false

  use Supervisor

  @impl true
  def init({label, %{flags: flags, children: children}}) do
    :lic_sup.enter(label, :static)

    Supervisor.init(children,
      strategy: flags.strategy,
      max_restarts: flags.intensity,
      max_seconds: flags.period,
      auto_shutdown: flags.auto_shutdown
    )
  end
end
