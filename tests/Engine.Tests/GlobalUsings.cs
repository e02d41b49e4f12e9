global using Skep.Engine;
global using Skep.Model;
global using Skep.Model.Net;
