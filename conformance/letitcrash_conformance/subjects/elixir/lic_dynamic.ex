# A dynamic supervisor of the world: Elixir's DynamicSupervisor, which starts empty.
defmodule :lic_dynamic do
  @moduledoc false

  use DynamicSupervisor

  @impl true
  def init({label, %{flags: flags}}) do
    :lic_sup.enter(label, :dynamic)

    DynamicSupervisor.init(
      strategy: :one_for_one,
      max_restarts: flags.intensity,
      max_seconds: flags.period,
      max_children: flags.max_children
    )
  end
end
