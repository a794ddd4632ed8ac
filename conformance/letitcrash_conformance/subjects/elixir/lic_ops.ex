# What both the driver and a probe do to processes and names, on Elixir's own functions. It takes the place of the
# Erlang module of this name.
#
# Everything here runs in the process that asks for it, so that the order of signals between two processes is the
# order in which they were asked for.
defmodule :lic_ops do
  @moduledoc false

  # What goes into the JSON object of an answer.
  def answer_json({:ok, value}), do: %{"ok" => value}
  def answer_json({:fail, kind}), do: %{"fail" => %{"kind" => kind}}
  def answer_json({:fail, kind, fields}), do: %{"fail" => Map.put(fields, "kind", kind)}
  def answer_json({:error, message}), do: %{"error" => %{"message" => message}}

  # The process of a label, or the atom of a name; `nil` for a label that is not bound.
  def resolve({:label, label}), do: pid(label)
  def resolve({:name, name}), do: :lic_world.known_name(name)

  # Does something with the process of a label, if there is one.
  def with(label, fun), do: with_pid(label, fun)

  defp with_pid(label, fun) do
    case pid(label) do
      nil -> {:fail, "noproc"}
      pid -> fun.(pid)
    end
  end

  def pid(label) do
    case :lic_world.pid(label) do
      :undefined -> nil
      pid -> pid
    end
  end

  # Does something with the process of a label that has to be of this kind, if there is one.
  def with_kind(kind, label, fun) do
    with_pid(label, fn pid ->
      case :lic_world.kind(pid) do
        ^kind -> fun.(pid)
        other -> wrong_kind(kind, other, label)
      end
    end)
  end

  defp wrong_kind(expected, kind, label), do: {:error, "expected a #{expected}, got the #{kind} '#{label}'"}

  # Nobody is given a label that somebody has.
  def taken(label), do: {:error, "expected a label that is not bound yet, got '#{label}'"}

  # The options of a start function for a name of the wire, or for none.
  def naming(:none), do: []
  def naming(name), do: [name: :lic_world.name(name)]

  # Starts a probe; the monitor, if one was asked for, is returned beside the answer.
  def start(label, %{name: name} = spec, how, timeout) do
    # A name that cannot be had is to be refused before the label is claimed.
    _ = naming(name)

    if :lic_world.claim(label) do
      case start_server(label, spec, how, timeout) do
        {:ok, {pid, monitor}} -> {{:ok, "started"}, {monitor, pid}}
        {:ok, _} -> {:ok, "started"}
        :ignore -> {:ok, "ignored"}
        {:error, {:already_started, _}} -> {:fail, "already_registered"}
        {:error, :timeout} -> {:fail, "timeout"}
        {:error, reason} -> :lic_reason.failure("start_failed", reason)
      end
    else
      taken(label)
    end
  end

  # Starts a probe for a claimed label; the result is Elixir's own.
  def start_server(label, %{name: name} = spec, how, timeout) do
    delivered(label, start_probe(how, {label, spec}, [timeout: timeout] ++ naming(name)))
  end

  defp start_probe(:plain, arg, options), do: GenServer.start(:lic_probe, arg, options)
  defp start_probe(:link, arg, options), do: GenServer.start_link(:lic_probe, arg, options)

  # Elixir has no start that monitors.
  defp start_probe({:monitor, _}, arg, options) do
    case Keyword.pop(options, :name) do
      {nil, rest} -> :gen_server.start_monitor(:lic_probe, arg, rest)
      {name, rest} -> :gen_server.start_monitor({:local, name}, :lic_probe, arg, rest)
    end
  end

  # Ends the claim on a label, given what became of the start; returns that.
  def delivered(label, {:error, {:already_started, _}} = result) do
    :lic_world.unclaim(label)
    result
  end

  def delivered(label, result) do
    :lic_world.born(label)
    result
  end

  def call(target, action, timeout) do
    with_probe(target, {:fail, "noproc"}, fn to ->
      try do
        GenServer.call(to, {:act, action}, timeout)
      catch
        :exit, {reason, {GenServer, :call, _}} -> gone(reason)
      end
    end)
  end

  # Why a call, a stop or a system message had no answer.
  def gone(:noproc), do: {:fail, "noproc"}
  def gone(:timeout), do: {:fail, "timeout"}
  def gone(reason), do: :lic_reason.failure("exit", reason)

  def cast(target, action) do
    with_probe(target, {:ok, :null}, fn to ->
      GenServer.cast(to, {:act, action})
      {:ok, :null}
    end)
  end

  # Does something with a target that is not a supervisor; a label that is not bound has an answer of its own.
  defp with_probe(target, unbound, fun) do
    to = resolve(target)
    pid = if is_pid(to), do: to, else: to && Process.whereis(to)

    cond do
      to == nil -> unbound
      :lic_world.kind(pid) == :supervisor -> wrong_kind(:probe, :supervisor, :lic_world.label(pid))
      true -> fun.(to)
    end
  end

  # Ends a server; exits if that fails. Elixir tells a failure together with the call.
  def stop(to, reason, timeout) do
    GenServer.stop(to, reason, timeout)
  catch
    :exit, {failure, {GenServer, :stop, _}} -> exit(failure)
  end

  def send(target, payload) do
    case resolve(target) do
      nil ->
        {:fail, "noproc"}

      to ->
        try do
          Kernel.send(to, {:info, payload})
          {:ok, :null}
        rescue
          ArgumentError -> {:fail, "noproc"}
        end
    end
  end

  def signal(label, reason) do
    case pid(label) do
      nil -> :ok
      pid -> Process.exit(pid, reason)
    end

    {:ok, :null}
  end

  # Elixir tells only that it refused, so the kind of refusal is looked up afterwards; if the cause is gone by then,
  # it tries once more.
  def register_name(name, pid) do
    atom = :lic_world.name(name)

    try do
      Process.register(pid, atom)
      {:ok, :null}
    rescue
      ArgumentError ->
        case {Process.whereis(atom), Process.info(pid, :registered_name)} do
          {holder, _} when is_pid(holder) -> {:fail, "already_registered"}
          {_, nil} -> {:fail, "noproc"}
          {_, {:registered_name, held}} when is_atom(held) -> {:fail, "already_named"}
          _ -> register_name(name, pid)
        end
    end
  end
end
