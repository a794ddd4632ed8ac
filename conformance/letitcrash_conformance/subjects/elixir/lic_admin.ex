# The operations on supervisors, by the functions of Supervisor and DynamicSupervisor. It takes the place of the Erlang
# module of this name.
#
# Those functions wait without limit. So each call is made in a process of its own, which is left alone when the time of
# the request has run out.
defmodule :lic_admin do
  @moduledoc false

  # How long observe waits for supervisors that may be busy, and for those of a quiet world.
  @busy_ms 100
  @quiet_ms 10_000

  # The parent is the label of a probe, or `:none`.
  def start_supervisor(label, spec, :none, timeout) do
    # The world is not quiet before the supervisor has started, also when nobody waits for that any more.
    within(timeout, fn -> :lic_sup.start_alone(label, spec) end, fn _ -> :ok end)
  end

  def start_supervisor(label, spec, parent, timeout) do
    :lic_ops.with_kind(:probe, parent, fn pid ->
      try do
        GenServer.call(pid, {:start_supervisor, label, spec}, timeout)
      catch
        :exit, {reason, {GenServer, :call, _}} -> orphaned(:lic_world.pid(label), reason)
      end
    end)
  end

  # A parent that does not trap exits dies of the failed start, perhaps before it has answered.
  defp orphaned(pid, reason) do
    if reason not in [:noproc, :timeout] and is_pid(pid) and not Process.alive?(pid) do
      :lic_sup.failed(reason)
    else
      :lic_ops.gone(reason)
    end
  end

  def start_child(sup, child, timeout) do
    ask(sup, timeout, fn
      pid, :static -> static_child(Supervisor.start_child(pid, child))
      pid, :dynamic -> dynamic_child(DynamicSupervisor.start_child(pid, child))
    end)
  end

  # A child of a dynamic supervisor is named by its label.
  def terminate_child(sup, child, timeout) do
    ask(sup, timeout, fn
      pid, :static -> done(Supervisor.terminate_child(pid, child))
      pid, :dynamic -> done(DynamicSupervisor.terminate_child(pid, :lic_ops.pid(child) || nobody()))
    end)
  end

  def restart_child(sup, id, timeout) do
    ask(sup, timeout, fn
      pid, :static -> restarted(Supervisor.restart_child(pid, id))
      _, :dynamic -> {:fail, "unsupported"}
    end)
  end

  def delete_child(sup, id, timeout) do
    ask(sup, timeout, fn
      pid, :static -> done(Supervisor.delete_child(pid, id))
      _, :dynamic -> {:fail, "unsupported"}
    end)
  end

  def which_children(sup, timeout), do: ask(sup, timeout, fn pid, flavor -> {:ok, list(pid, flavor)} end)
  def count_children(sup, timeout), do: ask(sup, timeout, fn pid, flavor -> {:ok, count(pid, flavor)} end)

  # The children of every supervisor that is alive, null for one that could not be asked in time.
  def children(quiet) do
    until = System.monotonic_time(:millisecond) + if(quiet, do: @quiet_ms, else: @busy_ms)

    for pid <- :lic_log.live(), :lic_world.kind(pid) == :supervisor, flavor = :lic_sup.flavor(pid), into: %{} do
      left = max(0, until - System.monotonic_time(:millisecond))
      ask = fn -> {:ok, %{"list" => list(pid, flavor), "count" => count(pid, flavor)}} end

      case not suspended?(pid) and within(left, ask) do
        {:ok, children} -> {:lic_world.label(pid), children}
        _ -> {:lic_world.label(pid), :null}
      end
    end
  end

  # One that is suspended will not answer.
  defp suspended?(pid) do
    case Process.info(pid, :current_function) do
      {_, {:sys, _, _}} -> true
      _ -> false
    end
  end

  defp ask(sup, timeout, fun) do
    :lic_ops.with_kind(:supervisor, sup, fn pid ->
      case :lic_sup.flavor(pid) do
        nil -> {:fail, "noproc"}
        flavor -> within(timeout, fn -> fun.(pid, flavor) end)
      end
    end)
  end

  # Does it in a process of its own, which hands the answer over as its exit reason. A supervisor that was asked in vain
  # is busy or suspended, and that is for the settling to see.
  defp within(timeout, fun, give_up \\ &:lic_world.dismiss/1) do
    {pid, monitor} = spawn_monitor(fn -> receive(do: (:go -> exit({:lic_answer, answer(fun)}))) end)
    :lic_world.enlist(pid)
    send(pid, :go)

    receive do
      {:DOWN, ^monitor, _, _, reason} ->
        :lic_world.dismiss(pid)
        answered(reason)
    after
      timeout ->
        Process.demonitor(monitor, [:flush])
        wait_asked(pid)
        give_up.(pid)
        {:fail, "timeout"}
    end
  end

  # However short the time, the supervisor is asked before the next request is served.
  defp wait_asked(pid) do
    case Process.info(pid, [:status, :current_function]) do
      nil -> :ok
      [status: :waiting, current_function: {module, _, _}] when module != __MODULE__ -> :ok
      _ -> :erlang.yield() && wait_asked(pid)
    end
  end

  defp answer(fun) do
    fun.()
  catch
    :exit, {reason, {GenServer, :call, _}} -> :lic_ops.gone(reason)
  end

  defp answered({:lic_answer, answer}), do: answer
  defp answered(reason), do: {:error, "a call to a supervisor broke: #{:lic_reason.format(reason)}"}

  defp done(:ok), do: {:ok, :null}
  defp done({:error, reason}) when reason in [:not_found, :running, :restarting], do: {:fail, Atom.to_string(reason)}

  defp restarted({:error, reason}) when reason in [:not_found, :running, :restarting], do: done({:error, reason})
  defp restarted({:error, reason}), do: :lic_reason.failure("start_failed", reason)
  defp restarted(started), do: started(started)

  defp started(:ignore), do: {:ok, :null}
  defp started({:ok, :undefined}), do: {:ok, :null}
  defp started({:ok, pid}), do: {:ok, :lic_world.label(pid)}

  # A static supervisor shows a start that failed together with its own record of the child.
  defp static_child({:error, :already_present}), do: {:fail, "already_present"}
  defp static_child({:error, {:already_started, pid}}) when is_pid(pid), do: already_started(pid)

  defp static_child({:error, {reason, record}}) when elem(record, 0) == :child do
    :lic_reason.failure("start_failed", reason)
  end

  defp static_child({:error, _}), do: {:fail, "bad_spec"}
  defp static_child(started), do: started(started)

  defp dynamic_child({:error, :max_children}), do: {:fail, "max_children"}
  defp dynamic_child({:error, {:already_started, pid}}) when is_pid(pid), do: already_started(pid)
  defp dynamic_child({:error, reason}), do: :lic_sup.failed(reason)
  defp dynamic_child(started), do: started(started)

  # The child itself, or a stranger that holds its name.
  defp already_started(pid) do
    case :lic_world.label(pid) do
      :null -> :lic_reason.failure("start_failed", {:already_started, pid})
      label -> {:fail, "already_started", %{"child" => label}}
    end
  end

  defp list(pid, :static), do: Enum.map(Supervisor.which_children(pid), &row/1)
  defp list(pid, :dynamic), do: Enum.map(DynamicSupervisor.which_children(pid), &row/1)

  defp row({:undefined, child, type, _}), do: [:null, shown(child), Atom.to_string(type)]
  defp row({id, child, type, _}), do: [id, shown(child), Atom.to_string(type)]

  defp shown(:undefined), do: :null
  defp shown(:restarting), do: "restarting"
  defp shown(pid), do: :lic_world.label(pid)

  defp count(pid, :static), do: counted(Supervisor.count_children(pid))
  defp count(pid, :dynamic), do: counted(DynamicSupervisor.count_children(pid))

  defp counted(count), do: Map.new(count, fn {what, n} -> {Atom.to_string(what), n} end)

  # A process that is no child of anybody.
  defp nobody do
    {pid, monitor} = spawn_monitor(fn -> :ok end)

    receive do
      {:DOWN, ^monitor, _, _, _} -> pid
    end
  end
end
