# The probe: a GenServer of Elixir with an integer value that does what it is told. It takes the place of the Erlang
# module of this name.
defmodule :lic_probe do
  @moduledoc false

  use GenServer

  # watches: ref of the wire => monitor
  # monitors: monitor => {ref of the wire, target as the request gave it, whom it may be about}
  # timers: ref of the wire => {:once | :interval, timer} or :over
  defstruct [:label, :value, :terminate, watches: %{}, monitors: %{}, timers: %{}]

  @impl true
  def init({label, %{value: value, trap_exit: trap, init: [entry | _], terminate: farewell}}) do
    Process.flag(:trap_exit, true)
    :lic_world.bind(label, :probe)
    :lic_log.init(label)
    :lic_world.born(label)
    trap || stop_trapping()
    enter(entry, %__MODULE__{label: label, value: value, terminate: farewell})
  end

  # Signals that came while the log made the acquaintance of this process take effect now.
  defp stop_trapping do
    Process.flag(:trap_exit, false)
    heed_signals()
  end

  defp heed_signals do
    receive do
      {:EXIT, _, :normal} -> heed_signals()
      {:EXIT, _, reason} -> exit(reason)
    after
      0 -> :ok
    end
  end

  defp enter(:ok, state), do: {:ok, state}
  defp enter(:ignore, _), do: :ignore
  defp enter({:stop, reason}, _), do: {:stop, reason}
  defp enter({:crash, text}, _), do: raise(text)

  defp enter({:sleep, ms, next}, state) do
    Process.sleep(ms)
    enter(next, state)
  end

  @impl true
  def handle_call({:act, action}, _from, state) do
    case perform(action, state) do
      {:stop, reason, answer, next} -> {:stop, reason, answer, next}
      {:noreply, next} -> {:noreply, next}
      {answer, next} -> {:reply, answer, next}
    end
  end

  def handle_call({:start_supervisor, label, spec}, _from, state) do
    {:reply, :lic_sup.start(label, spec), state}
  end

  @impl true
  def handle_cast({:act, action}, state) do
    case perform(action, state) do
      {:stop, reason, _, next} ->
        {:stop, reason, next}

      {:noreply, next} ->
        {:noreply, next}

      {{:error, message}, next} ->
        :lic_log.defect(message)
        {:noreply, next}

      {_, next} ->
        {:noreply, next}
    end
  end

  @impl true
  def handle_info({:info, payload}, state), do: informed(payload, state)

  def handle_info({:timer, ref, payload}, %{timers: timers} = state) do
    case timers do
      %{^ref => {:once, _}} -> :lic_world.forget(ref)
      %{^ref => {:interval, _}} -> :lic_world.tick(ref)
      %{} -> :ok
    end

    informed(payload, state)
  end

  def handle_info({:DOWN, monitor, :process, _, reason}, %{label: label} = state) do
    case Map.pop(state.monitors, monitor) do
      {{ref, of, pid}, others} ->
        :lic_world.forget(monitor)
        fields = %{"who" => label, "ref" => ref, "of" => of, "reason" => :lic_reason.to_json(reason)}
        :lic_log.caused("down", fields, pid)
        {:noreply, %{state | monitors: others}}

      {nil, _} ->
        {:noreply, state}
    end
  end

  def handle_info({:EXIT, from, reason}, %{label: label} = state) do
    fields = %{"who" => label, "of" => :lic_world.label(from), "reason" => :lic_reason.to_json(reason)}
    :lic_log.caused("exit", fields, from)
    {:noreply, state}
  end

  # Left over from a start that was given up after its timeout.
  def handle_info(_, state), do: {:noreply, state}

  defp informed(payload, %{label: label} = state) do
    :lic_log.event("info", %{"who" => label, "payload" => payload})

    case payload do
      "!crash" -> raise "crash"
      "!stop" -> {:stop, :normal, state}
      _ -> {:noreply, state}
    end
  end

  @impl true
  def terminate(reason, %{label: label, terminate: farewell}) do
    :lic_log.event("terminate", %{"who" => label, "reason" => :lic_reason.to_json(reason)})

    case farewell do
      :ok -> :ok
      {:sleep, ms} -> Process.sleep(ms)
      {:crash, text} -> raise text
      :hang -> Process.sleep(:infinity)
    end
  end

  # Does one action: the answer and the next state, or what else the callback is to return.
  defp perform(action, state) do
    act(action, state)
  catch
    :throw, {:bad, message} -> {{:error, message}, state}
  end

  defp act(:get, state), do: {{:ok, state.value}, state}
  defp act({:add, n}, state), do: {{:ok, state.value + n}, %{state | value: state.value + n}}

  defp act({:sleep, ms}, state) do
    Process.sleep(ms)
    {{:ok, :null}, state}
  end

  defp act(:noreply, state), do: {:noreply, state}
  defp act({:crash, text}, _), do: raise(text)
  defp act({:stop, reason}, state), do: {:stop, reason, {:ok, "stopping"}, state}

  defp act({:call, target, action, timeout}, state) do
    case :lic_ops.call(target, action, timeout) do
      {:error, _} = error -> {error, state}
      answer -> {{:ok, :lic_ops.answer_json(answer)}, state}
    end
  end

  defp act({:cast, target, action}, state), do: {:lic_ops.cast(target, action), state}
  defp act({:send, target, payload}, state), do: {:lic_ops.send(target, payload), state}

  defp act({:link, label}, state) do
    answer =
      :lic_ops.with(label, fn pid ->
        try do
          Process.link(pid)
          {:ok, :null}
        catch
          # A process that does not trap exits is told at once that the other is dead.
          :error, :noproc -> {:fail, "noproc"}
        end
      end)

    {answer, state}
  end

  defp act({:unlink, label}, state) do
    answer =
      :lic_ops.with(label, fn pid ->
        Process.unlink(pid)
        {:ok, :null}
      end)

    {answer, state}
  end

  defp act({:monitor, target, of, ref}, state) do
    case :lic_ops.resolve(target) do
      nil -> {{:fail, "noproc"}, state}
      to -> {{:ok, :null}, monitor_as(ref, of, to, state)}
    end
  end

  defp act({:demonitor, ref, flush}, %{watches: watches} = state) do
    case watches do
      %{^ref => monitor} when flush ->
        Process.demonitor(monitor, [:flush])
        :lic_world.forget(monitor)
        {{:ok, :null}, %{state | monitors: Map.delete(state.monitors, monitor)}}

      %{^ref => monitor} ->
        # A message that is already in the mailbox stays there and will be logged.
        Process.demonitor(monitor)
        :lic_world.forget(monitor)
        {{:ok, :null}, state}

      %{} ->
        {{:ok, :null}, state}
    end
  end

  defp act({:trap_exit, flag}, state), do: {{:ok, Process.flag(:trap_exit, flag)}, state}
  defp act({:exit, label, reason}, state), do: {:lic_ops.signal(label, reason), state}
  defp act({:register, name}, state), do: {:lic_ops.register_name(name, self()), state}

  defp act({:spawn, label, spec, how}, state) do
    with {:monitor, ref} <- how, do: fresh(ref, state)

    case :lic_ops.start(label, spec, how, 5000) do
      {answer, {monitor, pid}} ->
        {:monitor, ref} = how
        {answer, watching(ref, label, monitor, pid, state)}

      answer ->
        {answer, state}
    end
  end

  defp act({:send_after, ref, ms, payload}, state) do
    fresh(ref, state)
    timer = Process.send_after(self(), {:timer, ref, payload}, ms)
    :lic_world.remember(ref, {:timer, timer})
    {{:ok, :null}, timing(ref, {:once, timer}, state)}
  end

  defp act({:send_interval, ref, ms, payload}, state) do
    fresh(ref, state)
    :lic_world.remember(ref, {:interval, System.monotonic_time(:millisecond), ms, 0})
    {:ok, timer} = :timer.send_interval(ms, {:timer, ref, payload})
    {{:ok, :null}, timing(ref, {:interval, timer}, state)}
  end

  defp act({:cancel_timer, ref}, %{timers: timers} = state) do
    case timers do
      %{^ref => {:once, timer}} ->
        active = Process.cancel_timer(timer) != false
        :lic_world.forget(ref)
        {{:ok, active}, state}

      %{^ref => {:interval, timer}} ->
        {:ok, :cancel} = :timer.cancel(timer)
        :lic_world.forget(ref)
        {{:ok, true}, timing(ref, :over, state)}

      %{} ->
        {{:ok, false}, state}
    end
  end

  defp act(:links, state) do
    {:links, links} = Process.info(self(), :links)
    labels = for pid <- links, is_pid(pid), Process.alive?(pid), do: :lic_world.label(pid)
    {{:ok, labels |> Enum.filter(&is_binary/1) |> Enum.sort()}, state}
  end

  defp fresh(ref, %{watches: watches, timers: timers}) do
    if is_map_key(watches, ref) or is_map_key(timers, ref) do
      throw({:bad, "expected a reference that is not used yet, got '#{ref}'"})
    end
  end

  defp timing(ref, timer, state), do: %{state | timers: Map.put(state.timers, ref, timer)}

  defp monitor_as(ref, of, pid, state) when is_pid(pid) do
    fresh(ref, state)
    watching(ref, of, Process.monitor(pid), pid, state)
  end

  defp monitor_as(ref, of, name, state) do
    fresh(ref, state)
    before = Process.whereis(name)
    monitor = Process.monitor(name)

    case Process.whereis(name) do
      ^before when is_pid(before) ->
        # Such a monitor does not show whom it watches, so it is noted where the settling looks.
        :lic_world.remember(monitor, {:monitor, before})
        watching(ref, of, monitor, before, state)

      _ ->
        watching(ref, of, monitor, :undefined, state)
    end
  end

  defp watching(ref, of, monitor, pid, state) do
    %{state | watches: Map.put(state.watches, ref, monitor), monitors: Map.put(state.monitors, monitor, {ref, of, pid})}
  end
end
