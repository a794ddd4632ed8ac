# How supervisors and their children are started. It takes the place of the Erlang module of this name.
defmodule :lic_sup do
  @moduledoc false

  # Starts a supervisor that is linked to the calling process and has it as its parent.
  def start(label, spec) do
    if :lic_world.claim(label), do: started(start_link(label, spec)), else: :lic_ops.taken(label)
  end

  # Starts a supervisor whose parent is no more: only a stop and a kill end it. Called in a process that ends then.
  def start_alone(label, spec) do
    Process.flag(:trap_exit, true)
    answer = start(label, spec)
    with {:ok, _} <- answer, do: Process.unlink(:lic_world.pid(label))
    answer
  end

  defp started({:ok, _}), do: {:ok, "started"}
  defp started({:error, {:already_started, _}}), do: {:fail, "already_registered"}
  defp started({:error, reason}), do: failed(reason)

  # The answer about a supervisor, or a child of a dynamic one, that did not start for this reason.
  def failed(reason) do
    if refused?(reason), do: {:fail, "bad_spec"}, else: :lic_reason.failure("start_failed", reason)
  end

  # How Supervisor and DynamicSupervisor say that a specification is not to their taste.
  defp refused?({kind, _}) when kind in [:supervisor_data, :start_spec, :bad_start_spec, :bad_combination], do: true
  defp refused?({kind, _}) when is_atom(kind), do: kind |> Atom.to_string() |> String.starts_with?("invalid_")
  defp refused?(_), do: false

  # The start function of every child. It runs in the supervisor, which decides when and how often.
  def start_child(id, start) do
    n = :lic_world.attempt(id)
    label = "#{:lic_world.label(self())}/#{id}##{n}"

    if :lic_world.claim(label) do
      result = start_attempt(n, label, start)
      match?({:ok, _}, result) || wait_gone(:lic_ops.pid(label))
      result
    else
      {:error, message} = :lic_ops.taken(label)
      :lic_log.defect(message)
      {:error, {:lic_error, message}}
    end
  end

  defp start_attempt(_, label, {:supervisor, spec}), do: start_link(label, spec)

  defp start_attempt(n, label, {:probe, %{init: entries} = probe}) do
    entry = Enum.at(entries, n - 1, List.last(entries))
    :lic_ops.start_server(label, %{probe | init: [entry]}, :link, :infinity)
  end

  # Up to OTP 25 a start fails a moment before the process is gone, and a supervisor that ends in this moment would give it
  # another reason to end.
  defp wait_gone(nil), do: :ok

  defp wait_gone(pid) do
    monitor = Process.monitor(pid)

    receive do
      {:DOWN, ^monitor, _, _, _} -> :ok
    end
  end

  defp start_link(label, %{flags: flags, name: name} = spec) do
    result =
      case flags.strategy do
        :dynamic -> DynamicSupervisor.start_link(:lic_dynamic, {label, spec}, :lic_ops.naming(name))
        _ -> Supervisor.start_link(:lic_static, {label, spec}, :lic_ops.naming(name))
      end

    :lic_ops.delivered(label, result)
  end

  # Makes the calling process known: it has become a supervisor.
  def enter(label, flavor) do
    Process.put(__MODULE__, flavor)
    :lic_world.bind(label, :supervisor)
    :lic_log.join(label)
    :lic_world.born(label)
  end

  # What a supervisor entered as; nil when it is dead.
  def flavor(pid) do
    with {:dictionary, dictionary} <- Process.info(pid, :dictionary), do: dictionary[__MODULE__]
  end
end
