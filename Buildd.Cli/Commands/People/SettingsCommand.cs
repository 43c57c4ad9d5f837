using System.CommandLine;
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
                Listing.WriteJson(session.Output, values, (writer, one) =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", one.Setting.Name);
                    writer.WriteString("value", one.Value);
                    writer.WriteString("default", one.Setting.Default);
                    writer.WriteBoolean("is_set", one.IsSet);
                    writer.WriteString("description", one.Setting.Description);
                    writer.WriteEndObject();
                });
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
        return new Command("set", "Change a setting.") { name, value }.WithSession(async (session, parsed, stop) =>
        {
            await session.Records.Settings.SetAsync(
                await session.ActorAsync(stop), KnownSettings.Get(parsed.GetValue(name)!), parsed.GetValue(value)!, stop);
            return FarmExitCode.Done;
        }).WhoMay($"members of {Role.Administrator.ToName()}");
    }
}
