using System.CommandLine;
using System.Text.Json;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm settings</c>: what administrators set while the farm runs.</summary>
internal static class SettingsCommand
{
    internal static Command Create() =>
        new("settings", "The farm's settings, which are changed while it runs.") { List(), Set() };

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List all settings.") { json }.WithSession(async (session, parsed, stop) =>
        {
            var values = await session.Records.Settings.ListAsync(stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, values, Write);
            }
            else
            {
                Listing.WriteTable(session.Output, ["NAME", "VALUE", "DEFAULT", "MEANING"], values.Select(
                    one => (IReadOnlyList<string>)[one.Setting.Name, one.Value, one.Setting.Default, one.Setting.Description]));
            }

            return FarmExitCode.Done;
        }).WhoMay("everybody");
    }

    private static Command Set()
    {
        var name = StoredNames.SettingArgument();
        var value = new Argument<string>("VALUE") { Description = "Its new value." };
        var json = Listing.JsonOption();
        return new Command("set", "Change a setting.") { name, value, json }.WithSession(async (session, parsed, stop) =>
        {
            var setting = KnownSettings.Get(parsed.GetValue(name)!);
            await session.Records.Settings.SetAsync(await session.ActorAsync(stop), setting, parsed.GetValue(value)!, stop);
            if (parsed.GetValue(json))
            {
                var changed = (await session.Records.Settings.ListAsync(stop)).Single(one => one.Setting == setting);
                Listing.WriteJson(session.Output, writer => Write(writer, changed));
            }

            return FarmExitCode.Done;
        }).WhoMay($"members of {Role.Administrator.ToName()}");
    }

    private static void Write(Utf8JsonWriter json, SettingValue one)
    {
        json.WriteStartObject();
        json.WriteString("name", one.Setting.Name);
        json.WriteString("value", one.Value);
        json.WriteString("default", one.Setting.Default);
        json.WriteBoolean("is_set", one.IsSet);
        json.WriteString("description", one.Setting.Description);
        json.WriteEndObject();
    }
}
